"""What the demo's teacher and engineer have in their portfolios: values by field key, years relative to `today`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.demo import accounts as a


@dataclass(frozen=True)
class Entry:
    """One achievement. `paper`: the title of its evidence page, empty when it has none."""

    kind: str
    data: dict[str, Any]
    paper: str = ""
    issuer: str = a.SCHOOL


def teacher_entries(today: dt.date) -> list[Entry]:
    """李明: enough of every kind that the open plan asks a teacher for, for either level."""
    y = today.year
    return [
        *_teacher_past(y), *studies(y, a.SCHOOL), *assessments(y, a.SCHOOL),
        *_teacher_honours(y), *_teacher_ability(y), *_teacher_work(y), *_teacher_academic(y),
    ]


def _teacher_past(y: int) -> list[Entry]:
    return [
        Entry("work_experience", {
            "unit_name": "合肥市锦绣初级中学", "department": "数学组", "start_date": f"{y - 21}-08-01",
            "end_date": f"{y - 15}-07-31", "profession": "初中数学", "post": "教师", "title_held": "二级教师",
            "witness": "程立新", "description": "担任七至九年级数学教学工作，兼任班主任。",
        }, "工作经历证明", "合肥市锦绣初级中学"),
        Entry("work_experience", {
            "unit_name": a.SCHOOL, "department": "数学组", "start_date": f"{y - 15}-08-01", "to_present": True,
            "profession": "高中数学", "post": "教师、教研组长", "title_held": "高级教师", "witness": "周敏",
            "description": "担任高中数学教学工作，任数学教研组长，承担青年教师培养和校本课程建设。",
        }, "聘用合同"),
        Entry("education", {
            "education_type": "全日制教育", "school": "安徽江淮学院", "major": "数学与应用数学",
            "start_date": f"{y - 25}-09-01", "end_date": f"{y - 21}-07-01", "education_level": "21", "has_degree": True,
            "degree": "4", "schooling_years": "4", "diploma_no": f"10359{y - 21}05001234", "is_first": True,
        }, "本科毕业证书和学位证书", "安徽江淮学院"),
        Entry("education", {
            "education_type": "全日制教育", "school": "皖江科技大学", "major": "学科教学（数学）",
            "start_date": f"{y - 13}-09-01", "end_date": f"{y - 10}-06-30", "education_level": "14", "has_degree": True,
            "degree": "3", "schooling_years": "3", "diploma_no": f"10360{y - 10}02000567", "is_highest": True,
        }, "硕士研究生毕业证书和学位证书", "皖江科技大学"),
    ]


def studies(y: int, unit: str) -> list[Entry]:
    """继续教育 of the five years before this one: 30 hours 公需课 and 72 hours 专业课 each year."""
    return [
        Entry("continuing_education", {
            "course_type": course, "year": year, "project": f"{year} 年{project}", "start_date": f"{year}-03-01",
            "end_date": f"{year}-11-30", "organizer": organizer, "hours": hours, "form": "网络",
        }, f"{year} 年{course}学时证明", organizer)
        for year in range(y - 5, y)
        for course, project, organizer, hours in (
            ("公需课", "专业技术人员公需科目培训", "安徽省专业技术人员继续教育基地", "30"),
            ("专业课", "专业科目岗位培训", "安徽省专业技术人员继续教育基地" if unit != a.SCHOOL else "安徽省中小学教师发展中心", "72"),
        )
    ]


def assessments(y: int, unit: str) -> list[Entry]:
    """年度考核 of the five years before this one."""
    return [
        Entry("annual_assessment", {
            "year": year, "result": "优秀" if year % 3 == 0 else "合格", "assess_unit": unit,
        }, f"{year} 年度考核登记表", unit)
        for year in range(y - 5, y)
    ]


def _teacher_honours(y: int) -> list[Entry]:
    return [
        Entry("commendation", {
            "name": "合肥市优秀教师", "level": "市厅级", "granting_unit": a.EDUCATION_BUREAU,
            "grant_date": f"{y - 3}-09-10", "doc_no": f"合教〔{y - 3}〕88号", "is_collective": False,
        }, "合肥市优秀教师荣誉证书", a.EDUCATION_BUREAU),
        Entry("commendation", {
            "name": "安徽省教坛新星", "level": "省部级", "granting_unit": a.CONVENER, "grant_date": f"{y - 6}-12-20",
            "doc_no": f"皖教秘师〔{y - 6}〕121号", "is_collective": False,
        }, "安徽省教坛新星证书", a.CONVENER),
        Entry("academic_posts", {
            "organization": "合肥市数学教学研究会", "org_level": "市厅级", "post": "理事", "start_date": f"{y - 5}-01-01",
            "to_present": True, "description": "参与教学研讨活动的组织和评课。",
        }, "理事聘书", "合肥市数学教学研究会"),
        Entry("aid", {
            "aid_type": "支教", "dispatch_unit": a.EDUCATION_BUREAU, "aid_place": "安徽省金寨县",
            "aid_unit": "金寨县青山中学", "start_date": f"{y - 8}-09-01", "end_date": f"{y - 7}-08-31", "post": "数学教师",
            "assess": "优秀", "description": "支教一学年，承担两个班的数学教学，指导青年教师三人。",
        }, "支教派遣文件和鉴定表", a.EDUCATION_BUREAU),
    ]


def _teacher_ability(y: int) -> list[Entry]:
    return [
        Entry("comprehensive_ability", {
            "ability_type": "教育教学", "title": "函数与导数单元整体教学设计", "start_date": f"{y - 4}-09-01",
            "end_date": f"{y - 4}-12-31", "quantity": "教案 24 课时", "evaluation_unit": a.SCHOOL,
            "description": "以核心概念为主线重组单元内容，设计分层任务，形成可共享的单元教案和作业。",
        }, "单元教学设计教案"),
        Entry("comprehensive_ability", {
            "ability_type": "育人管理", "title": "班主任工作", "start_date": f"{y - 9}-09-01", "end_date": f"{y - 3}-07-01",
            "quantity": "两届六年", "evaluation_unit": a.SCHOOL,
            "description": "任两届高中班主任，所带班级获校级先进班集体，形成家校协同的班级管理方法。",
        }, "班主任工作证明"),
        Entry("comprehensive_ability", {
            "ability_type": "示范引领", "title": "指导青年教师成长", "start_date": f"{y - 5}-09-01", "to_present": True,
            "quantity": "指导 4 人", "evaluation_unit": a.SCHOOL,
            "description": "与四名青年教师结对，听评课每学期不少于二十节，其中两人获市级优质课奖项。",
        }, "师徒结对协议"),
        Entry("representative_work", {
            "work_type": "教案/课例", "title": "导数在研究函数单调性中的应用（课例）", "finish_date": f"{y - 2}-11-15",
            "role": "独立完成", "description": "用动态图像帮助学生由直观到抽象地理解单调性与导数的关系，被收入市级优秀课例集。",
        }, "代表作课例全文"),
    ]


def _teacher_work(y: int) -> list[Entry]:
    return [
        Entry("work_summary", {
            "title": "任现职以来专业技术工作总结", "start_date": f"{y - 8}-01-01", "end_date": f"{y - 1}-12-31",
            "content": "任高级教师以来，坚持立德树人，承担高中数学教学和教研组管理工作。"
                       "完成三届学生从高一到高三的循环教学，开发校本课程两门，主持课题两项，指导青年教师四人。",
        }, "工作总结（签字盖章）"),
        Entry("award", {
            "project": "高中数学单元整体教学实践研究", "award_name": "合肥市基础教育教学成果奖", "award_type": "教学成果奖",
            "level": "市厅级", "grade": "一等", "granting_unit": a.EDUCATION_BUREAU, "award_date": f"{y - 2}-12-01",
            "my_rank": 1, "total_people": 6, "cert_no": f"HJ{y - 2}0117",
        }, "教学成果奖证书", a.EDUCATION_BUREAU),
        Entry("award", {
            "project": "安徽省高中数学优质课评选", "award_name": "安徽省优质课评选一等奖", "award_type": "竞赛奖",
            "level": "省部级", "grade": "一等", "granting_unit": "安徽省教育科学研究院", "award_date": f"{y - 5}-11-20",
            "my_rank": 1, "total_people": 1, "cert_no": f"YZK{y - 5}036",
        }, "优质课评选获奖证书", "安徽省教育科学研究院"),
        Entry("project", {
            "name": "高中数学校本选修课程建设", "start_date": f"{y - 4}-03-01", "end_date": f"{y - 2}-06-30",
            "category": "教学项目", "level": "单位级", "participation": "主持", "members": "李明、王芳",
            "scale": "两门课程，三十六课时", "description": "建设“数学建模初步”“数学史选讲”两门校本选修课程。",
            "duty": "负责课程方案、教材编写和实施评价。",
        }, "校本课程建设立项和结项材料"),
        Entry("adoption", {
            "title": "高中数学分层作业设计方案", "adopt_type": "推广应用", "level": "市厅级", "adopt_unit": "合肥市教育科学研究院",
            "adopt_date": f"{y - 1}-05-16", "my_rank": 1, "description": "方案在全市十二所高中推广使用。",
        }, "成果推广应用证明", "合肥市教育科学研究院"),
    ]


def _teacher_academic(y: int) -> list[Entry]:
    papers = (
        ("单元整体视角下的函数教学设计", "中学数学教研通讯", y - 1, "独著"),
        ("分层作业促进高中生数学运算素养的实践", "安徽基础教育研究", y - 3, "第一作者"),
        ("信息技术支持的概念教学案例分析", "数学教学探索", y - 5, "独著"),
    )
    return [
        *(Entry("paper", {
            "title": title, "journal": journal, "publish_date": f"{year}-06", "issue": f"{year} 年第 6 期 12—15 页",
            "index_type": ["其他公开期刊"], "author_order": order,
        }, f"论文《{title}》", journal) for title, journal, year, order in papers),
        Entry("research_project", {
            "name": "高中数学单元整体教学实践研究", "project_no": f"HJG{y - 5}012", "source": "合肥市教育科学研究院",
            "level": "市厅级", "category": "纵向-一般", "start_date": f"{y - 5}-04-01", "end_date": f"{y - 3}-10-31",
            "status": "结题", "role": "主持", "my_rank": 1, "description": "主持课题研究，负责总体设计和成果提炼。",
        }, "课题立项和结题证书", "合肥市教育科学研究院"),
        Entry("research_project", {
            "name": "普通高中数学建模活动的校本化实施", "project_no": f"AHK{y - 3}107", "source": "安徽省教育科学研究院",
            "level": "省部级", "category": "纵向-一般", "start_date": f"{y - 3}-05-01", "end_date": f"{y - 1}-11-30",
            "status": "结题", "role": "主持", "my_rank": 1, "description": "主持课题研究，完成活动案例集和研究报告。",
        }, "课题立项和结题证书", "安徽省教育科学研究院"),
        Entry("book", {
            "title": "高中数学建模活动案例", "book_type": "编著", "publisher": "皖江教育出版社", "publish_date": f"{y - 2}-08",
            "role": "主编", "my_rank": 1, "total_words_k": "210", "my_words_k": "90",
        }, "著作封面、版权页和目录", "皖江教育出版社"),
    ]


def engineer_entries(today: dt.date) -> list[Entry]:
    """张伟: what his application to the open plan for engineers takes."""
    y = today.year
    bureau = a.CONSTRUCTION_BUREAU
    return [
        Entry("work_experience", {
            "unit_name": a.COMPANY, "department": "工程技术部", "start_date": f"{y - 18}-08-01", "to_present": True,
            "profession": "建筑工程", "post": "项目技术负责人", "title_held": "工程师", "witness": "郑洁",
        }, "劳动合同", a.COMPANY),
        Entry("education", {
            "education_type": "全日制教育", "school": "皖江科技大学", "major": "土木工程", "start_date": f"{y - 22}-09-01",
            "end_date": f"{y - 18}-07-01", "education_level": "21", "has_degree": True, "degree": "4",
            "schooling_years": "4", "diploma_no": f"10360{y - 18}05004321", "is_first": True, "is_highest": True,
        }, "本科毕业证书和学位证书", "皖江科技大学"),
        *studies(y, a.COMPANY), *assessments(y, a.COMPANY),
        Entry("commendation", {
            "name": "合肥市建设系统先进个人", "level": "市厅级", "granting_unit": bureau, "grant_date": f"{y - 2}-12-30",
            "is_collective": False,
        }, "先进个人证书", bureau),
        Entry("project", {
            "name": "滨河新区文化中心工程", "start_date": f"{y - 6}-03-01", "end_date": f"{y - 4}-09-30", "category": "施工",
            "level": "市厅级", "amount_wan": "32500", "participation": "技术负责", "scale": "建筑面积 6.2 万平方米",
            "acceptance": "优良", "description": "钢结构屋盖与地下两层框架结构公共建筑。",
            "duty": "负责施工组织设计、深基坑和大跨度钢结构专项方案。",
        }, "工程竣工验收证明", a.COMPANY),
        Entry("project", {
            "name": "翠微安置房二期工程", "start_date": f"{y - 3}-05-01", "end_date": f"{y - 1}-08-31", "category": "施工",
            "amount_wan": "18600", "participation": "主持", "scale": "住宅 12 栋", "acceptance": "已验收",
            "description": "装配式住宅小区。", "duty": "任项目经理，全面负责质量、安全和进度。",
        }, "工程竣工验收证明", a.COMPANY),
        Entry("work_summary", {
            "title": "任现职以来专业技术工作总结", "start_date": f"{y - 8}-01-01", "end_date": f"{y - 1}-12-31",
            "content": "任工程师以来，先后负责五项房屋建筑工程的技术管理，解决深基坑支护、装配式构件安装等关键问题。",
        }, "工作总结（签字盖章）", a.COMPANY),
        Entry("paper", {
            "title": "装配式住宅灌浆质量控制要点", "journal": "江淮建筑技术", "publish_date": f"{y - 2}-04",
            "issue": f"{y - 2} 年第 2 期 33—36 页", "index_type": ["其他公开期刊"], "author_order": "第一作者",
        }, "论文《装配式住宅灌浆质量控制要点》", "江淮建筑技术"),
    ]


def colleague_portfolio(today: dt.date) -> list[Entry]:
    """What a colleague of 李明 has: enough for 副高级, less than his."""
    y = today.year
    return [
        Entry("work_experience", {
            "unit_name": a.SCHOOL, "department": "语文组", "start_date": f"{y - 12}-08-01", "to_present": True,
            "profession": "中学语文", "post": "教师", "title_held": "一级教师", "witness": "周敏",
        }, "聘用合同"),
        Entry("education", {
            "education_type": "全日制教育", "school": "安徽江淮学院", "major": "汉语言文学", "start_date": f"{y - 16}-09-01",
            "end_date": f"{y - 12}-07-01", "education_level": "21", "has_degree": True, "degree": "4",
            "schooling_years": "4", "is_first": True, "is_highest": True,
        }, "本科毕业证书和学位证书", "安徽江淮学院"),
        *studies(y, a.SCHOOL), *assessments(y, a.SCHOOL),
        Entry("commendation", {
            "name": "合肥市骨干教师", "level": "市厅级", "granting_unit": a.EDUCATION_BUREAU, "grant_date": f"{y - 2}-11-06",
            "is_collective": False,
        }, "骨干教师证书", a.EDUCATION_BUREAU),
        Entry("comprehensive_ability", {
            "ability_type": "教育教学", "title": "古诗文单元教学设计", "description": "以群文阅读组织古诗文教学，提高学生鉴赏能力。",
        }, "单元教学设计教案"),
        Entry("comprehensive_ability", {
            "ability_type": "育人管理", "title": "班主任工作", "description": "任一届高中班主任，班级获校级文明班级。",
        }, "班主任工作证明"),
        Entry("representative_work", {
            "work_type": "教案/课例", "title": "《登高》课例", "finish_date": f"{y - 1}-10-12", "role": "独立完成",
            "description": "从意象入手引导学生体会诗人的家国情怀。",
        }, "代表作课例全文"),
        Entry("work_summary", {
            "title": "任现职以来专业技术工作总结", "start_date": f"{y - 6}-01-01", "end_date": f"{y - 1}-12-31",
            "content": "任一级教师以来，承担高中语文教学和班主任工作，参加课题研究一项。",
        }, "工作总结（签字盖章）"),
        Entry("award", {
            "project": "合肥市高中语文优质课评选", "award_name": "合肥市优质课评选二等奖", "award_type": "竞赛奖",
            "level": "市厅级", "grade": "二等", "granting_unit": a.EDUCATION_BUREAU, "award_date": f"{y - 3}-12-03",
            "my_rank": 1, "total_people": 1,
        }, "优质课评选获奖证书", a.EDUCATION_BUREAU),
        Entry("paper", {
            "title": "群文阅读在古诗文教学中的运用", "journal": "安徽基础教育研究", "publish_date": f"{y - 2}-09",
            "index_type": ["其他公开期刊"], "author_order": "独著",
        }, "论文《群文阅读在古诗文教学中的运用》", "安徽基础教育研究"),
        Entry("research_project", {
            "name": "高中古诗文群文阅读实践研究", "source": "合肥市教育科学研究院", "level": "市厅级", "category": "纵向-一般",
            "start_date": f"{y - 3}-04-01", "end_date": f"{y - 1}-10-31", "status": "结题", "role": "主持", "my_rank": 1,
        }, "课题立项和结题证书", "合肥市教育科学研究院"),
    ]


def waiting_entries(today: dt.date, unit: str, number: int) -> list[Entry]:
    """What the colleague of that number sends to the unit, still waiting there."""
    y, subject = today.year, ("高中物理", "高中英语", "高中化学", "信息技术")[number % 4]
    return [
        Entry("work_experience", {
            "unit_name": unit, "start_date": f"{y - 7 - number}-08-01", "to_present": True, "profession": subject,
            "post": "班主任" if number % 2 else "教师",
        }, "聘用合同", unit),
        Entry("annual_assessment", {
            "year": y - 1, "result": "优秀" if number % 3 == 0 else "合格", "assess_unit": unit,
        }, f"{y - 1} 年度考核登记表", unit),
        Entry("commendation", {
            "name": "校级先进工作者" if number % 2 else f"{subject}学科竞赛优秀指导教师", "level": "单位级",
            "granting_unit": unit, "grant_date": f"{y - 1 - number % 3}-09-10", "is_collective": False,
        }, "表彰证书", unit),
    ]
