"""A demo world: organizations with people, calendars and money, the same for the same seed and day.

`places` and `trades` are what it is drawn from, `businesses` how large each is; `people`, `diaries`, `visits`
and `money` draw one kind of row each, `copying` saves them, `world` puts it all in order.
"""
