"""`python -m idp.cli`: the command line, where its script is not on the path."""

from idp.cli import main

main(prog_name="countersign")
