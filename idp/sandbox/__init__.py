"""Everything needed to try Countersign on one machine: `countersign sandbox`.

It drives the same commands that operators use, and the sample agencies know nothing but the provider's address.
"""
