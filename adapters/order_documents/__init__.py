"""A purchase order as documents: a PDF for people and UBL 2.1 for the supplier's system."""
