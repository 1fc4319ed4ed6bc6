"""What suppliers are told about their invoices, as documents: Invoice Response, and Remittance Advice."""
