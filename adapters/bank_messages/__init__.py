"""What banks send, read into facts: ISO 20022 status reports, notifications, statements and returns; NACHA; BAI2."""
