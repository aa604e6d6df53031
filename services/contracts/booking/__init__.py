"""What booking can be asked, and the news it spreads. One file per topic:

`catalogue` what is on offer, `people` who serves, `receptions` weekly hours,
`slots` published times, `appointments` a person's seat, `names` under which they come, `events` the news.
"""
