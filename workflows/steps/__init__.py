"""The steps that processes ask for. `activities` implements them; workflows never import the implementation."""
