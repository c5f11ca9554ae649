def test_login(visit):
    unit = visit("unit")
    unit.open("任务中心")
    unit.sees_heading("任务中心")
