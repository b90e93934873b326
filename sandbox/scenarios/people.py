"""The people and departments of the demo's company, Nordwind Group."""

from sandbox.scenarios.company import YEAR
from sandbox.state.portal import ADMINISTRATOR, Portal
from sandbox.state.records import Department, User

COMPANY = "Nordwind Group"
MANAGEMENT, SALES, MARKETING, FINANCE, LEGAL = 1, 2, 3, 4, 5
PROCUREMENT, LOGISTICS, IT, PERSONNEL, BERLIN = 6, 7, 8, 9, 10
LEAVER, EARLIER_LEAVER = 14, 29

#: (number, name, parent, head)
_DEPARTMENTS = (
    (MANAGEMENT, COMPANY, None, 3),
    (SALES, "Отдел продаж", MANAGEMENT, 4),
    (MARKETING, "Marketing", MANAGEMENT, 17),
    (FINANCE, "Бухгалтерия и финансы", MANAGEMENT, 21),
    (LEGAL, "Юридический отдел", MANAGEMENT, 27),
    (PROCUREMENT, "Procurement", MANAGEMENT, 31),
    (LOGISTICS, "Склад и логистика", MANAGEMENT, 37),
    (IT, "IT", MANAGEMENT, 44),
    (PERSONNEL, "Отдел кадров", MANAGEMENT, 50),
    (BERLIN, "Niederlassung Berlin", SALES, 53),
)

#: department -> lines of "number name last-name gender position"
_PEOPLE = {
    MANAGEMENT: """
        3 Сергей Воронцов M Генеральный директор
        60 Елена Белова F Помощник директора
    """,
    SALES: """
        2 Pavel Orlov M Sales manager
        4 Марина Лебедева F Руководитель отдела продаж
        5 Алексей Смирнов M Старший менеджер
        6 Ольга Петрова F Менеджер по продажам
        7 Игорь Кузнецов M Менеджер по продажам
        8 Наталья Соколова F Менеджер по продажам
        9 Виктор Павлов M Менеджер по работе с ключевыми клиентами
        10 James Whitfield M Export sales manager
        11 Emily Carter F Export sales manager
        12 Татьяна Морозова F Менеджер по продажам
        13 Роман Волков M Менеджер тендерного отдела
        14 Дмитрий Соколов M Менеджер по продажам
        15 Светлана Новикова F Координатор продаж
        16 Артём Фёдоров M Стажёр
    """,
    MARKETING: """
        17 Laura Bennett F Head of marketing
        18 Кирилл Зайцев M Маркетолог
        19 Алина Степанова F Дизайнер
        20 Oliver Hughes M Content manager
    """,
    FINANCE: """
        21 Галина Романова F Главный бухгалтер
        22 Людмила Васильева F Бухгалтер
        23 Ирина Козлова F Бухгалтер по расчётам
        24 Михаил Егоров M Финансовый контролёр
        25 Юлия Макарова F Казначей
        26 Daniel Brooks M Financial analyst
    """,
    LEGAL: """
        27 Андрей Никитин M Руководитель юридического отдела
        28 Вера Захарова F Юрист
        29 Борис Титов M Юрист
        30 Мария Комарова F Юрист по договорам
    """,
    PROCUREMENT: """
        31 Thomas Richter M Head of procurement
        32 Katharina Vogel F Purchaser
        33 Евгений Орехов M Закупщик
        34 Анастасия Киселёва F Закупщик
        35 Hannah Collins F Supplier manager
        36 Георгий Абрамов M Специалист по закупкам
    """,
    LOGISTICS: """
        37 Николай Гусев M Начальник склада
        38 Владимир Крылов M Логист
        39 Екатерина Данилова F Логист
        40 Станислав Жуков M Кладовщик
        41 Рустам Хакимов M Водитель-экспедитор
        42 Лидия Белоусова F Диспетчер
        43 Антон Медведев M Специалист ВЭД
    """,
    IT: """
        1 Anna Koroleva F Portal administrator
        44 Максим Громов M Руководитель IT
        45 Илья Тарасов M Системный администратор
        46 Sophie Turner F Business analyst
        47 Денис Ковалёв M Разработчик 1С
        48 Полина Осипова F Специалист поддержки
        49 Felix Braun M Developer
    """,
    PERSONNEL: """
        50 Оксана Мельникова F Директор по персоналу
        51 Ксения Алексеева F Специалист по кадрам
        52 Дарья Сергеева F Рекрутер
    """,
    BERLIN: """
        53 Stefan Müller M Niederlassungsleiter
        54 Anja Schäfer F Vertriebsleiterin
        55 Jürgen Weiß M Key Account Manager
        56 Sabine Köhler F Buchhalterin
        57 Lukas Hoffmann M Vertriebsmitarbeiter
        58 Claudia Krüger F Assistentin
        59 Matthias Groß M Servicetechniker
    """,
}
#: Whose zone the portal knows by name; all others live by an offset.
_ZONES = {3: "Europe/Moscow", 10: "Europe/London", 27: "Europe/Moscow", 53: "Europe/Berlin"}
#: Where those are who have no zone name and are not where the server is.
_ELSEWHERE = {11: "Asia/Ho_Chi_Minh", 26: "America/New_York", 43: "Asia/Vladivostok"}
_WITHOUT_ZONE, _WITHOUT_MAIL, _NEVER_HERE = (20, 47, 48), (40, 41, 42), (16, 41, 59)
_SPELLING = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
        "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
        "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss",
    }
)  # fmt: skip


def add_people(portal: Portal) -> None:
    """Fill the portal with departments and people."""
    now = portal.now()
    for number, name, parent, head in _DEPARTMENTS:
        portal.departments.put(number, Department(number, name, parent, head, 100 * number))
        portal.reserve_number("department", number)
    for department, lines in sorted(_PEOPLE.items()):
        for line in lines.strip().splitlines():
            number_text, name, last_name, gender, position = line.strip().split(" ", 4)
            number = int(number_text)
            mail = f"{name}.{last_name}".lower().translate(_SPELLING)
            registered = int(now - YEAR * portal.rng.uniform(1.6, 7))
            seen = int(now - portal.rng.expovariate(1 / 20_000))
            zone = _ELSEWHERE.get(number) or ("Europe/Berlin" if department == BERLIN else "")
            user = User(
                number,
                name,
                last_name,
                email=None if number in _WITHOUT_MAIL else f"{mail}@nordwind.example",
                admin=number == ADMINISTRATOR,
                departments=[department],
                position=position,
                gender=gender,
                phone=f"+7 495 555-{number // 10:02d}-{number % 100:02d}",
                time_zone=None if number in _WITHOUT_ZONE else _ZONES.get(number, ""),
                time_zone_offset=portal.clock.ahead(zone) if zone else 0,
                registered=registered,
                last_login=None if number in _NEVER_HERE else seen,
                online=portal.rng.random() < 0.4,
            )
            portal.users.put(number, user)
            portal.reserve_number("user", number)
    portal.users.rows = dict(sorted(portal.users.rows.items()))


def dismiss(portal: Portal, number: int, *, days_ago: float) -> None:
    """Note that somebody has left."""
    user = portal.users[number]
    user.active, user.online = False, False
    user.last_login = int(portal.now() - 86400 * days_ago)
    portal.users.put(number, user)


def members(portal: Portal, department: int) -> list[int]:
    """Return the working people of a department, its head first, leavers left out."""
    head = portal.departments[department].head
    found = [
        user.id
        for user in portal.users
        if department in user.departments and user.id not in (LEAVER, EARLIER_LEAVER)
    ]
    return sorted(found, key=lambda number: (number != head, number))
