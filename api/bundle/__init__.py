"""The evidence of one case as a bundle that anybody can check without Corridor."""

from api.bundle.pack import Evidence, packed

__all__ = ["Evidence", "packed"]
