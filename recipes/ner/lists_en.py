# ruff: noqa: SIM905  word lists read better as text
"""English word lists from common knowledge: names that the packages lack, and what names of institutions are made of."""

from __future__ import annotations

ARABIC_GIVEN = tuple(
    """Mohammed Muhammad Ahmed Ali Hassan Hussein Omar Yusuf Ibrahim Khalid Abdullah Tariq Samir Karim Rashid Faisal Nasser Bilal Hamza Mustafa Walid Ziad
    Fatima Aisha Khadija Maryam Layla Leila Noor Nour Amina Salma Zainab Yasmin Huda Rania Samira Dalia Hanan Mona Farah Sara""".split()
)
ARABIC_FAMILY = tuple(
    """Al-Farsi Al-Masri Al-Rashid Al-Sayed Haddad Khoury Nasser Mansour Saleh Hamdan Abdallah Khalil Aziz Qureshi Siddiqui Rahman Hussain Malik Sheikh Farouk
    El-Amin El-Sayed Al-Hashimi Al-Khatib Darwish Najjar Bakir Hariri Sabbagh Othman Zaman Chaudhry Ansari Shah Karimi Hosseini Ahmadi Tehrani""".split()
)
CHINESE_GIVEN = tuple(
    """Wei Fang Xiaoming Jing Li Yan Na Min Jun Lei Qiang Xiulan Yong Jie Ting Hao Yu Xin Mei Ling Hong Bo Peng Chen Zihan Haoran Yuxuan Meiling Jianguo Guoqiang
    Xiaoli Yifan Siyu Ruoxi Wenjie Zhiyuan Mingzhe Tianyu Jiayi Xinyi Yutong Lihua""".split()
)
CHINESE_FAMILY = tuple(
    """Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Deng Feng Han Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai
    Jiang Yu Du Ye Cheng Wei Su Lu Ding Ren Lo Yao Shen Tan Fan Wong Chan Cheung Leung Lau Ng Ho Kwok Lam Tsang Yip Ouyang""".split()
)
KOREAN_GIVEN = tuple(
    "Minjun Seo-yeon Ji-woo Jiho Hyun-woo Soo-jin Eun-ji Min-seo Young-ho Sung-min Hye-jin Dong-hyun Yuna Taehyung Jimin Kyung-soo Mi-sook".split()
)
KOREAN_FAMILY = tuple("Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Seo Kwon Hwang Song Ahn Yoo Hong".split())
POLISH_FAMILY = tuple(
    "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Mazur Krawczyk Kaczmarek".split()
)
NICKNAMES = tuple(
    """Bob Bobby Rob Will Bill Billy Jim Jimmy Mike Mikey Tom Tommy Joe Joey Dan Danny Dave Steve Chris Matt Nick Tony Sam Ben Alex Max Jake Zach Ed Eddie Ted Fred Greg Jeff Ken Larry Pete Phil Ray Ron
    Rick Liz Beth Kate Katie Kathy Jen Jenny Sue Susie Meg Maggie Peggy Patty Debbie Becky Mandy Sandy Cindy Vicky Abby Ellie Tina Gina Nan Josie Charlie Frankie Lou Gus Hank Chuck Biff Priya Raj Sanjay""".split()
)
FAMOUS = tuple(
    """Barack Obama|Donald Trump|Hillary Clinton|Joe Biden|Angela Merkel|Boris Johnson|Emmanuel Macron|Vladimir Putin|Xi Jinping|Narendra Modi|Elon Musk|Bill Gates|Steve Jobs|Jeff Bezos|Mark Zuckerberg|Taylor Swift
    |Justin Bieber|Lady Gaga|Kanye West|Beyoncé|Rihanna|Drake|Adele|Ed Sheeran|Kim Kardashian|Cristiano Ronaldo|Lionel Messi|LeBron James|Serena Williams|Roger Federer|Albert Einstein|Isaac Newton|Charles Darwin
    |William Shakespeare|Jane Austen|Mozart|Beethoven|Picasso|Napoleon|Julius Caesar|Abraham Lincoln|George Washington|Martin Luther King|Nelson Mandela|Gandhi|Winston Churchill|Adolf Hitler|Shakespeare""".replace(
        "\n", ""
    )
    .replace("    ", "")
    .split("|")
)
COMPANIES = tuple(
    """Google|Microsoft|Apple|Amazon|Facebook|Twitter|Netflix|Tesla|IBM|Intel|Oracle|Samsung|Sony|Toyota|Honda|Ford|General Motors|Boeing|Airbus|Siemens|Bosch|Volkswagen|BMW|Nestlé|Unilever|Procter & Gamble|Coca-Cola|PepsiCo
    |McDonald's|Starbucks|Walmart|Target|Costco|Nike|Adidas|Pfizer|Novartis|Roche|Bayer|Johnson & Johnson|Goldman Sachs|JPMorgan Chase|Morgan Stanley|Citibank|Wells Fargo|Bank of America|HSBC|Barclays|Deutsche Bank|Deloitte|PwC|KPMG
    |Ernst & Young|McKinsey|Accenture|Uber|Lyft|Airbnb|Spotify|Adobe|Salesforce|SAP|Cisco|Dell|HP|Verizon|AT&T|T-Mobile|Vodafone|Comcast|Disney|BBC|CNN|Fox News|Reuters|The New York Times|The Guardian|NASA|FBI|CIA|NSA|UN|UNICEF|WHO
    |NATO|the European Union|the White House|Congress|the Senate|Parliament|the Supreme Court|Manchester United|Chelsea|Arsenal|Liverpool FC|Real Madrid|Barcelona|Bayern Munich|Los Angeles Lakers|Chicago Bulls|New York Yankees|Red Sox
    |Boston Celtics|Dallas Cowboys|Delta Air Lines|Lufthansa|British Airways|FedEx|UPS|DHL|Shell|BP|ExxonMobil|Chevron|Pepsi|Huawei|Alibaba|Tencent|ByteDance|TikTok|Instagram|YouTube|LinkedIn|PayPal|Visa|Mastercard|OpenAI|Nvidia|AMD
    |Red Cross|Amnesty International|Greenpeace|Oxfam|World Bank|IMF|Federal Reserve|the Labour Party|the Republican Party|the Democratic Party|Scotland Yard|NYPD|LAPD|IRS|DHS|EPA|FDA|CDC""".replace(
        "\n", ""
    )
    .replace("    ", "")
    .split("|")
)
ORG_WORDS = tuple(
    """Acme Apex Summit Pinnacle Horizon Global National United Pacific Atlantic Northern Southern Western Eastern Central Metro Liberty Freedom Eagle Falcon Lion Tiger Phoenix Dragon Silver Golden Blue Red Green Bright Clear Crystal Diamond
    Emerald Sapphire Stone Rock River Lake Ocean Mountain Valley Forest Oak Pine Cedar Maple Willow Sun Star Moon Sky Cloud Storm Thunder Lightning Fire Quantum Digital Cyber Data Info Net Web Soft Tech Smart Fast Swift Rapid Prime Alpha
    Beta Delta Omega Sigma Nova Stellar Cosmic Fusion Vertex Matrix Vector Nexus Vantage Insight Vision Spark Pulse Wave Signal Beacon Anchor Harbor Bridge Gateway Keystone Cornerstone Heritage Legacy Trust Secure Guardian Shield""".split()
)
ORG_FIELDS = tuple(
    """Technologies Solutions Systems Software Consulting Analytics Logistics Industries Manufacturing Pharmaceuticals Biotech Medical Healthcare Insurance Capital Partners Ventures Holdings Investments Financial Bank Energy Power Motors Airlines
    Foods Media Entertainment Studios Records Publishing Press Design Architects Construction Properties Realty Labs Networks Communications Mobile Security Robotics Aerospace Marine Shipping Textiles Apparel Foundation Institute Council
    Association Society Trust Services Group International Worldwide Enterprises Brothers Associates""".split()
)
ORG_ENDS = tuple(
    "Inc Inc. Ltd Ltd. LLC LLP Corp Corp. Corporation PLC GmbH AG S.A. Co. Company Group Limited Pty B.V. SpA Oy AB".split()
)
FIRMS = tuple(
    "and Sons|& Sons|& Co.|& Partners|Associates|Law Group|Consulting|Bakery|Plumbing|Motors|Realty|Dental|Winery|Brewing Company|Architects|Foundation|Auto Repair|Construction".split(
        "|"
    )
)
INSTITUTIONS = tuple(
    """{city} University|University of {city}|{city} State University|{city} College|{city} General Hospital|{city} Medical Center|St. {saint}'s Hospital|{city} High School|{family} Elementary School|{city} Police Department|{city} City Council
    |{city} Public Library|{city} Community College|{city} Institute of Technology|{family} Foundation|{family} Institute|Bank of {city}|{city} Chamber of Commerce|{city} Museum of Art|{city} Symphony Orchestra|Ministry of {field}
    |Department of {field}|{city} United|{city} FC|{city} Airport Authority|First National Bank of {city}|{city} Times|{city} Herald|{city} Post|Church of St. {saint}|{family} Medical Clinic|{city} Rovers|{city} Tigers|{city} Eagles
    |{country} Football Federation|National Bank of {country}|Embassy of {country}|{city} District Court|{city} Fire Department|{city} School District""".replace(
        "\n", ""
    )
    .replace("    ", "")
    .split("|")
)
FIELDS = tuple(
    "Health|Education|Defense|Finance|Justice|Foreign Affairs|Agriculture|Transport|Labor|Energy|the Interior|Commerce|Homeland Security|Public Works|Veterans Affairs|Motor Vehicles".split(
        "|"
    )
)
SAINTS = tuple("Mary John Joseph Luke Mark Paul Peter Jude Thomas Andrew Anne Catherine Francis Vincent".split())
STREETS = tuple(
    """Main Oak Maple Park Cedar Pine Elm Washington Lake Hill Walnut Spring North South East West Church High Mill River Sunset Railroad Jackson Lincoln Cherry Franklin Highland Forest Center Jefferson Chestnut Broadway Union Green King Queen
    Victoria Station London Springfield Bridge School College Market Meadow Orchard Willow Prospect Grove Liberty Madison Adams Hickory Locust Dogwood Magnolia Sycamore Poplar Birch Ash Spruce Ridge Valley Canyon Ocean Bay Harbor""".split()
)
STREET_ENDS = tuple(
    "Street St St. Avenue Ave Ave. Road Rd Rd. Lane Ln Drive Dr Dr. Court Ct Boulevard Blvd Way Place Pl Terrace Square Crescent Close Parkway Circle Trail Highway Row Gardens".split()
)
TITLES = tuple(
    """software engineer|senior software engineer|project manager|product manager|sales manager|account manager|marketing director|sales director|finance director|chief executive officer|chief financial officer|chief technology officer|CEO|CFO|CTO|COO
    |vice president|senior vice president|executive vice president|managing director|general manager|office manager|branch manager|store manager|operations manager|HR manager|human resources manager|data scientist|data analyst|business analyst
    |research scientist|research assistant|professor of biology|associate professor|assistant professor|lecturer|head teacher|primary school teacher|math teacher|school principal|dean|registered nurse|nurse practitioner|pediatrician|cardiologist
    |orthopedic surgeon|surgeon|dentist|pharmacist|physiotherapist|paramedic|veterinarian|attorney|senior partner|paralegal|judge|public prosecutor|notary|police officer|detective|police chief|firefighter|army captain|accountant|auditor|bookkeeper
    |tax consultant|bank teller|investment banker|financial advisor|insurance agent|real estate agent|graphic designer|web developer|UX designer|system administrator|network engineer|database administrator|security analyst|civil engineer
    |mechanical engineer|electrical engineer|architect|electrician|plumber|carpenter|truck driver|bus driver|flight attendant|airline pilot|chef|head chef|waiter|bartender|hairdresser|receptionist|secretary|executive assistant|personal assistant
    |customer service representative|warehouse supervisor|machine operator|journalist|editor-in-chief|reporter|news anchor|photographer|film director|screenwriter|librarian|social worker|psychologist|therapist|translator|interpreter|tour guide
    |personal trainer|football coach|head coach|mayor|city councillor|senator|governor|ambassador|prime minister|minister of finance|secretary of state|bishop|pastor|founder|co-founder|board member|chairman|chairwoman|treasurer|intern""".replace(
        "\n", ""
    )
    .replace("    ", "")
    .split("|")
)
REGIONS = tuple(
    """California|Texas|Florida|Ohio|Bavaria|Catalonia|Tuscany|Scotland|Wales|England|Northern Ireland|Ontario|Quebec|British Columbia|New South Wales|Queensland|Punjab|Kerala|Gujarat|Silicon Valley|Manhattan|Brooklyn|Queens|the Bronx|Hollywood|Downtown
    |Wall Street|Times Square|Central Park|the Middle East|Europe|Asia|Africa|South America|North America|the Caribbean|Scandinavia|the Balkans|the Alps|the Himalayas|Mount Everest|Lake Michigan|Lake Geneva|the Thames|the Mississippi River
    |the Pacific Ocean|the Gulf of Mexico|Heathrow|JFK|LAX|O'Hare Airport|Union Station|Penn Station|Hyde Park|Trafalgar Square|the Golden Gate Bridge|Sicily|Crete|Bali|Hokkaido|Kyushu|Guangdong|Sichuan|Xinjiang|Tibet|Siberia|Crimea|Gaza
    |the West Bank|Kashmir|USA|the US|U.S.|UK|the UK|UAE|NYC|L.A.|D.C.|Washington DC|the United States|the Netherlands|the Philippines|America|Britain|East London|West Africa|Northern California|Upstate New York|the Bay Area""".replace(
        "\n", ""
    )
    .replace("    ", "")
    .split("|")
)
NATIONS = tuple(
    "American British French German Italian Spanish Chinese Japanese Indian Brazilian Mexican Canadian Russian Turkish Nigerian Kenyan Egyptian Korean Dutch Swedish Polish Greek Irish Scottish Muslim Christian Jewish Hindu Buddhist".split()
)
PRODUCTS = tuple(
    "iPhone|Windows|Android|Excel|PowerPoint|Photoshop|PlayStation|Xbox|Kindle|MacBook|Galaxy S9|Toyota Camry|Bluetooth|WiFi|Python|Java|JavaScript|Linux|Docker|Kubernetes|React|Harry Potter|Star Wars|Monopoly|Game of Thrones|The Matrix".split(
        "|"
    )
)
