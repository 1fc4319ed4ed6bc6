"""Mail over SMTP: notices to people, orders to suppliers."""
