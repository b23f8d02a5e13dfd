"""What an operator might let agencies ask for: payments, and the records of a property, in English and Welsh."""

from typing import Any

TYPES: list[dict[str, Any]] = [
    {
        "type": "payment_initiation",
        "words": {"en": "Make a payment", "cy": "Gwneud taliad"},
        "fields": [
            {
                "name": "instructedAmount",
                "kind": "amount",
                "words": {"en": "Amount", "cy": "Swm"},
                "currencies": ["GBP", "EUR"],
            },
            {"name": "creditorName", "kind": "text", "words": {"en": "Paid to", "cy": "Taliad i"}},
            {
                "name": "actions",
                "kind": "choices",
                "words": {"en": "The service may", "cy": "Caiff y gwasanaeth"},
                "choices": {
                    "initiate": {"en": "begin the payment", "cy": "dechrau'r taliad"},
                    "status": {"en": "follow it", "cy": "ei ddilyn"},
                },
            },
            {
                "name": "requestedExecutionDate",
                "kind": "date",
                "required": False,
                "words": {"en": "On", "cy": "Ar"},
            },
        ],
    },
    {
        "type": "https://land.example/record",
        "words": {"en": "Look at a property", "cy": "Edrych ar eiddo"},
        "fields": [
            {
                "name": "part",
                "kind": "choice",
                "words": {"en": "Part", "cy": "Rhan"},
                "choices": {"owners": {"en": "Owners", "cy": "Perchnogion"}},
            },
            {"name": "years", "kind": "number", "required": False, "words": {"en": "Years", "cy": "Blynyddoedd"}},
            {"name": "debts", "kind": "flag", "required": False, "words": {"en": "Debts too", "cy": "Dyledion hefyd"}},
        ],
    },
]
PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Merchant A",
    "actions": ["initiate"],
}
"""After the example of RFC 9396 section 2."""
RECORD: dict[str, Any] = {"type": "https://land.example/record", "part": "owners", "years": 3, "debts": True}
