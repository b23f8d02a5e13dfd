"""What machines call: one blueprint a module, each named after its section of a standard."""
