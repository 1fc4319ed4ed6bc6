"""What processes take in, give back and answer: inputs, results, signals and queries."""
