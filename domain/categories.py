"""The categories of goods and services that the house buys: routing, accounts and owners hang on them."""

CATEGORIES = {
    "medical-supplies": "Medical supplies",
    "surgical": "Surgical supplies and implants",
    "pharmacy": "Pharmacy",
    "laboratory": "Laboratory",
    "imaging": "Imaging",
    "office": "Office supplies",
    "it-equipment": "IT equipment",
    "it-services": "IT services and licences",
    "facilities": "Facilities and maintenance",
    "food": "Food",
    "linen": "Linen and laundry",
    "services": "Other services",
}


def is_known(category: str) -> bool:
    return category in CATEGORIES
