"""Every port in memory, for process tests and benchmarks: the same behaviour as the real adapters, without the wait."""
