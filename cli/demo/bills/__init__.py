"""Invoices of the demonstration: how suppliers bill the orders, who answers what, and how the money is paid."""
