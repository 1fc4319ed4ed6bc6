"""What travels over HTTP where it is not a value of the domain itself."""
