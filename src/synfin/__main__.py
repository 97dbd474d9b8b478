"""`python -m synfin`."""

import sys

from synfin.faces.cli import main

sys.exit(main())
