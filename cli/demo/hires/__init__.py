"""The example hires: written as HR exports them, played through the API, and judged by what other systems hold."""
