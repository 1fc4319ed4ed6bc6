"""Systems that hold accounts and groups: one folder per way of speaking to them."""
