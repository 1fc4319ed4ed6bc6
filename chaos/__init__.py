"""The drill: many cases through HTTP while everything that they need is killed, frozen and cut off, and the count."""
