"""Days and weeks of local time by Python's zoneinfo, which knows nothing of ours: core/zone.test.ts compares with what this prints.

    python3 core/testing/calendar-buckets.py > core/testing/calendar-buckets.txt

Years that are over, so that the release of the time zone database does not matter. A line: zone, unit, count, a moment, begin and end of the
bucket that holds it, all in seconds. Moments lie around changes of the clock, and anywhere.
"""
import random
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# Changes at midnight, over midnight, by half an hour, by a day; a fraction of an hour; none.
ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'America/Havana', 'America/St_Johns', 'Asia/Beirut', 'Africa/Cairo',
         'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'Pacific/Kiritimati', 'Africa/Casablanca', 'Asia/Kolkata']
SPANS = [('day', 1), ('day', 3), ('week', 1), ('week', 2)]
EPOCH = date(1970, 1, 1)
# Weeks begin on Monday, and are counted from the first one of 1970.
FIRST_MONDAY = date(1970, 1, 5)


def begin(zone, unit, number):
    day = EPOCH + timedelta(days=number) if unit == 'day' else FIRST_MONDAY + timedelta(weeks=number)
    # fold=0: of a double midnight the earlier; one that does not exist by the clock before the change, and so moved forward.
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def bucket(zone, unit, count, moment):
    local = datetime.fromtimestamp(moment, zone).date()
    number = (local - EPOCH).days if unit == 'day' else (local - FIRST_MONDAY).days // 7
    number -= number % count
    # A clock that was set back over midnight shows the day before again.
    while begin(zone, unit, number + count) <= moment:
        number += count
    return begin(zone, unit, number), begin(zone, unit, number + count)


def changes(zone):
    hour = 3600
    at = int(datetime(1990, 1, 1, tzinfo=timezone.utc).timestamp())
    end = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp())
    offset = lambda t: datetime.fromtimestamp(t, zone).utcoffset()
    while at < end:
        if offset(at) != offset(at + hour):
            low, high = at, at + hour
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            yield high
        at += hour


random.seed(20261130)
for name in ZONES:
    zone = ZoneInfo(name)
    found = list(changes(zone))
    moments = [int(random.uniform(631152000, 1704067200)) for _ in range(4)]
    for change in random.sample(found, min(5, len(found))):
        moments += [change - 1, change, change + random.choice([-1, 1]) * int(random.uniform(60, 26 * 3600))]
    for moment in moments:
        for unit, count in SPANS:
            print(name, unit, count, moment, *bucket(zone, unit, count, moment))
