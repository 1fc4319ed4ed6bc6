"""What the processes need of the outside, in the domain's own words. Adapters implement it."""
