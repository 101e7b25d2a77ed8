"""``python -m ade_engine`` is the console script ``ade-engine``."""

from ade_engine.cli.app import main

if __name__ == "__main__":
    main()
