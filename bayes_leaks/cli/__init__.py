"""The command line: a user of the package like any other, one file for each command."""
