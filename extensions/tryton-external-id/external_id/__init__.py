# Copyright of the authors of Corridor. This module is free software: GPL-3.0-or-later, see LICENSE.
