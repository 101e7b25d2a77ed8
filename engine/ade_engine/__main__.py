"""``python -m ade_engine`` is the console script ``ade-engine``; ``python -m ade_engine warm OWNER FOLDER`` waits for runs of
`ade`.
"""

import sys

from ade_engine.cli import modules

if __name__ == "__main__":
    modules.use()

from ade_engine.cli.app import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["warm"]:
        from ade_engine.cli.warm import wait_for_run

        # From here on this is a fork, which continues as if it had been started with the arguments of its run.
        wait_for_run(int(sys.argv[2]), *sys.argv[3:])
    main()
