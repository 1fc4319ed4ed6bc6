"""The gateway: takes requests, decisions and events in, and answers where things stand. It holds no rule of its own."""
