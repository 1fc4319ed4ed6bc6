"""The controls of an invoice, one question per file."""
