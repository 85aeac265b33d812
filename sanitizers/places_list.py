# ruff: noqa: SIM905  word lists read better as text
"""Places, streets and companies that surrogates are drawn from: little known, so that answers rarely hold them."""

from __future__ import annotations

EN_TOWNS = tuple(
    """Abbeyleix Alnwick Ambleside Ardglass Arncliffe Axminster Bakewell Ballachulish Berwick Bewdley Biggleswade
    Bodmin Brechin Bridlington Builth Caernarfon Chepstow Clitheroe Cockermouth Congleton Crewkerne Cromarty
    Daventry Dingwall Droitwich Dunoon Fakenham Faversham Frome Glossop Godalming Guisborough Haltwhistle Hawick
    Hexham Holyhead Ilkeston Inverurie Kelso Keswick Kidwelly Kirkwall Knaresborough Langholm Ledbury Leominster
    Llandeilo Lochgilphead Ludlow Lyndhurst Malmesbury Matlock Melrose Mevagissey Minehead Montrose Nantwich
    Oundle Pickering Portree Pwllheli Rothbury Saltash Selkirk Settle Shaftesbury Skelmersdale Stornoway
    Stowmarket Tavistock Tewkesbury Thurso Tobermory Todmorden Totnes Ullapool Uttoxeter Wadebridge Wetherby
    Whitstable Wirksworth Wooler Yarmouth""".split()
)
US_STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN",
    "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV",
    "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX",
    "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington": "WA", "West Virginia": "WV",
    "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip
EN_COUNTRIES = tuple(
    """Andorra Austria Belgium Botswana Bulgaria Cambodia Chile Colombia Croatia Denmark Ecuador Estonia Finland
    France Germany Ghana Greece Guatemala Hungary Iceland India Ireland Italy Japan Kenya Laos Latvia Lithuania
    Luxembourg Malaysia Malta Mexico Mongolia Morocco Namibia Nepal Netherlands Norway Panama Paraguay Peru Poland
    Portugal Romania Senegal Serbia Singapore Slovakia Slovenia Spain Sweden Switzerland Tanzania Thailand Tunisia
    Uganda Uruguay Vietnam Zambia Argentina Australia Brazil Canada China Egypt Indonesia Iran Iraq Israel Nigeria
    Pakistan Philippines Russia Turkey Ukraine""".split()
)
EN_COUNTRIES_FRESH = tuple(
    """Andorra Botswana Bulgaria Ecuador Estonia Ghana Guatemala Laos Latvia Lithuania Malta Mongolia Namibia Nepal
    Paraguay Senegal Slovenia Tunisia Uganda Uruguay Zambia""".split()
)
EN_STREETS = tuple(
    """Alderbrook Ashgrove Beechcroft Birchfield Brambleside Brackenhurst Cedarholm Cloverdale Copperfield Elderwick
    Fernbank Foxglove Gorsefield Hawthornden Hazelmere Heatherbrae Hollybush Ivybridge Juniperwood Kestrelmoor
    Larchfield Lavenderley Lindenhurst Mallowfield Maplecroft Meadowbank Oakhaven Pinehollow Primrose Quarryside
    Rowanlea Rushmead Sorrelbank Sycamorehill Thistledown Thornbury Willowmere Yewbarrow""".split()
)
EN_BRANDS = tuple(
    """Aldermoor Amberline Arkenfield Bluecrest Brightholm Calderstone Castellane Cindervale Corvanta Dunmarrow
    Eastmarch Elmshaven Fairhollow Fennimore Glenhaven Greyfell Halvorsen Harrowgate Hollinsworth Ironmere Kestrelby
    Larkfield Lindqvist Merrowdale Norvanta Oakmantle Ostermark Pinemarsh Quarrymoor Ravensfield Redmarsh Rookhaven
    Silverpine Stonebeck Strandgate Sundermere Thornquist Tidewell Umbermoor Valderton Vantrell Westerlund
    Whitmarsh Windermark Wyncroft Yarrowfield Zephyrine""".split()
)

# Provinces by short name, with the full one. Surrogates of provinces are other provinces: there are no more.
ZH_PROVINCES = {
    "河北": "河北省", "山西": "山西省", "辽宁": "辽宁省", "吉林": "吉林省", "黑龙江": "黑龙江省", "江苏": "江苏省",
    "浙江": "浙江省", "安徽": "安徽省", "福建": "福建省", "江西": "江西省", "山东": "山东省", "河南": "河南省",
    "湖北": "湖北省", "湖南": "湖南省", "广东": "广东省", "海南": "海南省", "四川": "四川省", "贵州": "贵州省",
    "云南": "云南省", "陕西": "陕西省", "甘肃": "甘肃省", "青海": "青海省", "台湾": "台湾省",
    "内蒙古": "内蒙古自治区", "广西": "广西壮族自治区", "西藏": "西藏自治区", "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
}  # fmt: skip
ZH_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
ZH_CITIES = tuple(
    """鹤壁 黄石 黄山 鹰潭 萍乡 景德镇 衢州 舟山 丽水 铜陵 池州 宣城 莆田 三明 南平 龙岩 宁德 枣庄 日照 莱芜 漯河 三门峡
    鄂州 随州
    孝感 咸宁 益阳 娄底 怀化 韶关 汕尾 河源 阳江 云浮 梧州 钦州 贺州 来宾
    自贡 攀枝花 泸州 广元 遂宁 内江 雅安
    巴中 资阳
    六盘水 安顺 铜仁 玉溪 保山 普洱 临沧 铜川 商洛 嘉峪关 金昌 白银 武威 张掖 平凉 酒泉 定西 陇南 本溪 阜新 盘锦
    铁岭 葫芦岛 辽源 白山 松原 鸡西 鹤岗 七台河 黑河 绥化 朔州 忻州 吕梁 乌海 通辽""".split()
)
ZH_DISTRICTS = tuple(
    "云澜 栖霞岭 望江 翠屏 青浦湾 碧溪 锦澜 松陵 麓山 清塘 岚山 江汀 白沙洲 凤岭 石鼓 鹿泉 长亭 桃浦 兰溪岸".split()
)
ZH_STREETS = tuple(
    "梧桐 听泉 锦绣 云栖 晴川 枫林 兰亭 芦荡 芙蓉 柳浪 竹溪 银杏 樱花 桂香 荷塘 松涛 星湖 雁鸣 鹭洲 清波 月湖".split()
)
ZH_BRANDS = tuple(
    """恒澜 瑞泽 云栖 锦岚 启衡 鼎澜 瀚宇 博衍 卓岚 嘉泽 盛岚 宏珩 景澜 泰珩 凯澜 翰泽 佳岚 汇珩 朗泽 睿衡 臻澜 铭岚
    晟珩 骏澜 禾泽 皓岚 沐衡 沛澜 霖珩 曜泽 澄岚 启珩 乾澜 毓泽 璟岚""".split()
)
ZH_FOREIGN = tuple(
    "埃尔温 卡斯帕 西格德 洛伦兹 奥登 伊索尔 赫塔 塞巴 维尔姆 阿尔丹 鲁珀 格蕾塔 英格丽 奥拉夫 莱安德 科斯玛".split()
)
ZH_PLATES = tuple("冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘桂琼贵云藏陕甘青宁新")
