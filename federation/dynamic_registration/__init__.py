"""Services that register themselves, and look after what they registered (RFC 7591, RFC 7592).

Decides on whose word a service may come and what it may ask; what metadata may say is judged in
`federation.relying_parties`, the same as for an operator.
"""
