"""`python -m spawnable` is the `spawnable` command."""

from spawnable.cli import main

if __name__ == "__main__":
    main(prog_name="spawnable")
