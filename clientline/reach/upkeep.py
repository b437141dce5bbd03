"""What workers do again and again for the apps below: what grows by a row with all that happens is kept small."""

from clientline.reach.jobs import every
from payments.totals import fold_totals

every(60)(fold_totals)
