"""通知公告 of the demo: invented, as everything else."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.rules.notice import safe_body
from models.notice import Notice

ISSUER = "安徽省人力资源和社会保障厅"


def build(session: Session, today: dt.date) -> None:
    """Four that are shown, and a draft."""
    texts = [
        (f"关于做好{today.year}年度全省职称评审工作的通知", 40, "published",
         "各市人力资源和社会保障局，省直有关单位：\n\n本年度职称评审工作通过本系统进行。申报人应在评审计划规定的期限内完成申报，"
         "业绩材料须先在个人业绩库中录入，并经所在单位审核通过。\n\n各单位应按规定公示申报人的材料，公示期不少于 5 个工作日。"),
        ("关于职称电子证书查验方式的说明", 25, "published",
         "电子职称证书可以扫描证书上的二维码查验，也可以在本系统首页按证书编号查验。\n\n电子证书与纸质证书具有同等效力。"),
        ("申报材料常见问题", 10, "published",
         "<p>审核中退回较多的原因：</p><ol><li>证明材料不清晰或缺页；</li><li>任职起止时间与社保记录不一致；</li>"
         "<li>年度考核登记表没有单位盖章。</li></ol><p>请在提交前逐项核对。</p>"),
        ("系统维护通知", 2, "published", "本周六 22:00 至次日 6:00 进行系统维护，期间不能登录和提交，请提前安排申报时间。"),
        ("关于评审结果公示的通知（拟稿）", 0, "draft", "待定稿。"),
    ]
    for title, days, state, body in texts:
        session.add(Notice(
            title=title, issuer=ISSUER, published_on=today - dt.timedelta(days=days), state=state, body=safe_body(body)
        ))
