# ruff: noqa: SIM905  word lists read better as text
"""Name lists, our own: common names of many origins, with the gender a given name usually goes with.

They serve twice: to recognise names, and to make surrogates. Surrogates are drawn from the `_FRESH` names alone:
names that are no words, no places and no prefixes of common words, so that restoring them never hits ordinary text.
"""

from __future__ import annotations

EN_FEMALE = tuple(
    """Alice Amanda Amelia Andrea Angela Anna Barbara Beatrice Brenda Camila Carla Carmen Carol Caroline Catherine
    Charlotte Chloe Christina Claire Clara Cynthia Daniela Deborah Diana Donna Dorothy Edith Elena Eleanor
    Elizabeth Ella Emily Emma Erica Evelyn Fatima Fiona Frances Gabriela Gloria Hannah Harriet Heather Helen
    Helena Ingrid Irene Isabel Isabella Jacqueline Jane Janet Jasmine Jennifer Jessica Joanna Josephine Judith
    Julia Julie Karen Katherine Kathleen Kelly Kimberly Kristina Laura Lauren Leila Linda Lisa Louise Lucia Lucy
    Margaret Maria Marie Marta Martha Mary Megan Melissa Michelle Miriam Monica Nadia Nancy Natalia Natalie
    Natasha Nicole Nina Nora Olga Olivia Pamela Patricia Paula Priya Rachel Rebecca Renata Rosa Ruth Samantha
    Sandra Sarah Sharon Silvia Simone Sofia Sophia Sophie Stephanie Susan Susana Svetlana Sylvia Tatiana Teresa
    Theresa Tiffany Valentina Valerie Vanessa Vera Veronica Victoria Virginia Vivian Wendy Yasmin Yolanda Zoe
    Aisha Ananya Anjali Deepa Kavita Lakshmi Meera Neha Pooja Sunita Yuki Sakura Mei Ling Grace Hope Faith Joy
    Rose Lily Daisy Ivy Ruby Amber Autumn April June""".split()
)
EN_MALE = tuple(
    """Aaron Adam Adrian Ahmed Alan Albert Alejandro Alex Alexander Alfred Ali Andre Andrew Anthony Antonio Arthur
    Benjamin Bernard Brandon Brian Bruce Bryan Carl Carlos Charles Christian Christopher Craig Daniel David
    Dennis Diego Dmitri Donald Douglas Edgar Eduardo Edward Edwin Emil Eric Ernest Eugene Felix Fernando Francis
    Francisco Frederick Gabriel Gary George Gerald Gregory Gustavo Hans Harold Harry Hassan Henry Herbert Howard
    Hugo Ian Ibrahim Igor Ivan Jacob James Jamal Jason Javier Jeffrey Jeremy Jerome Joel Johan John Jonathan
    Jorge Jose Joseph Joshua Juan Julian Justin Karim Karl Keith Kenneth Kevin Klaus Kyle Larry Lars Lawrence
    Leonard Leo Liam Louis Lucas Luis Luke Marcus Marco Mario Martin Matthew Maurice Michael Miguel Mohammed
    Muhammad Nathan Nicholas Noah Oliver Omar Oscar Pablo Patrick Paul Pedro Peter Philip Pierre Rafael Ralph
    Ramon Raymond Ricardo Richard Robert Roberto Roger Roland Ronald Roy Russell Ryan Samuel Scott Sean
    Sebastian Sergei Simon Stanley Stefan Stephen Steven Terrence Theodore Thomas Timothy Tobias Tom Victor
    Vincent Vladimir Walter Wayne William Yusuf Zachary Arjun Rahul Raj Rajesh Sanjay Vikram Amit Anil Deepak
    Suresh Hiroshi Kenji Takashi Wei Mark Bill Will Frank Jack Grant Chase Drew Austin Jordan Dean Max Rich Rob
    Bob Jim Joe Mike Dave Steve Ben Sam Dan Tim Jimmy Danny""".split()
)
# Given names that are also words, places or months: a name only beside stronger evidence.
EN_GIVEN_WORDS = frozenset(
    """Grace Hope Faith Joy Rose Lily Daisy Ivy Ruby Amber Autumn April June Mark Bill Will Frank Jack Grant Chase Drew
    Austin Jordan Dean Max Rich Rob Victoria Virginia Charlotte Christian Carol Jose Wayne Mei Ling Wei Carmen
    Diego Santiago Sydney Paris Florence Diana Gloria Vera Nancy Lisa Roy Raj Leo Francis Maria Donna Jordan""".split()
)
# Chinese full names, family name first, that are also words.
ZH_NAME_WORDS = frozenset(
    """高兴 高峰 高山 高原 高明 高超 高洁 高雅 黄金 黄河 白天 白云 白雪 白杨 方向 方正 方圆 马上 马力 马达
    温柔 温暖 温和 温馨 成功 成长 安静 安宁 安全 安康 安心 平安 平静 常青 常胜 和平 向阳 向上 时光 时间
    江山 江南 江河 金山 金星 石头 石英 雷雨 雷电 钱财 祝福 祝愿 喜悦 许愿 许多 何况 何必 于是 严格 严肃
    严密 余地 华丽 华夏 甘心 关心 关注 关怀 康乐 文明 文静 明亮 明星 容易 舒心 舒畅 乐观 元旦 包容 车辆
    戴帽 解放 全新 全能 古典 水晶 水仙 云彩 花朵 花园 国庆 申请 应该 支持 左右 池塘 连接 连续 东方""".split()
)
EN_GIVEN = frozenset(EN_FEMALE) | frozenset(EN_MALE)
EN_FAMILY = frozenset(
    """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
    Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera
    Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart
    Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim
    Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo
    Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler
    Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds
    Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford
    Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman
    Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon
    Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Stone Salazar Fox Warren Mills Meyer Rice Schmidt
    Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins
    Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan Armstrong Hudson Carroll
    Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards Contreras
    Willis Carpenter Lawrence Sandoval Guerrero George Chapman Rios Estrada Ortega Watkins Greene Nunez Wheeler
    Valdez Harper Burke Larson Santiago Maldonado Morrison Franklin Carlson Austin Dominguez Carr Lawson Jacobs
    Obrien Lynch Singh Vega Bishop Montgomery Oliver Jensen Harvey Williamson Gilbert Dean Sims Espinoza Howell
    Li Wong Wang Zhang Liu Zhao Huang Zhou Wu Xu Sun Zhu Lin Kumar Sharma Gupta Khan Ahmed Ali Hussain Ivanov
    Petrov Kowalski Novak Muller Weber Fischer Becker Schulz Rossi Russo Ferrari Bianchi Dubois Laurent Moreau
    Andersson Johansson Larsen Olsen Tanaka Suzuki Sato Watanabe Yamamoto Park Choi""".split()
)

FRESH_FEMALE = tuple(
    """Adelheid Agathe Annelise Annika Aurelie Benedetta Birgitta Brunhilde Cosima Delphine Dorothea Eleonora Elfriede
    Elspeth Evangeline Fiorella Francesca Frederika Genevieve Georgette Ghislaine Giulietta Gudrun Guinevere
    Hedwig Henrietta Hermione Hildegard Hortensia Imogen Isadora Isolde Josefina Katarzyna Kerstin Leocadia
    Leonora Liselotte Lucasta Ludmila Magdalena Marcelline Margarethe Mathilda Mechthild Mirabelle Octavia
    Ottoline Parthenia Perpetua Petronella Philippa Rosalind Rosamund Rowena Saskia Seraphina Sigrid Solveig
    Stanislava Theodora Thomasina Ulrika Ursula Valeriana Wilhelmina Winifred Xanthe Yevgenia Zdenka Zenobia""".split()
)
FRESH_MALE = tuple(
    """Abelard Alaric Aldous Ambrose Anselm Archibald Athanasius Aurelio Baldwin Balthazar Bartholomew Benedikt
    Bertrand Caspian Corneille Crispin Desmond Dietrich Eberhard Egbert Emeric Ephraim Evander Ferdinand
    Florian Fyodor Gaspard Gerhard Gideon Gottfried Gregor Gunther Hadrian Hamish Horatio Ignatius Isidore
    Jarvis Kasimir Konrad Lancelot Leander Leopold Lionel Lorenz Lucius Ludovic Magnus Malachi Matthias
    Maximilian Mortimer Nathaniel Nikolai Obadiah Osvaldo Percival Peregrine Quentin Quincy Raphael
    Reinhardt Roderick Rupert Sigmund Siegfried Silvester Tarquin Thaddeus Torsten Tristan Ulysses Valentin
    Wendell Wilfred Wolfgang Xavier Yaroslav Zebedee""".split()
)
FRESH_FAMILY = tuple(
    """Abernathy Achterberg Adelstein Ainsworth Alderdice Ambercroft Arkwright Ashdowne Babbington Bancroft Barraclough
    Bartholdy Beaumonte Birtwhistle Blackadder Blenkinsop Bracegirdle Braithwaite Brandywell Brinkerhoff
    Broadbent Cadwallader Calloway Carmody Carruthers Castellane Chamberlayne Chatterley Cholmondeley Clitherow
    Coldstream Copperthwaite Cranleigh Crosthwaite Culpepper Dalrymple Debenham Delacroix Dinwiddie Drinkwater
    Dunwoody Eaglesham Eddlestone Ellsworth Entwistle Esterhazy Fairweather Falconbridge Fanshawe Farnsworth
    Featherstone Fenwick Fitzwilliam Fotheringham Galbraith Garrickson Glendower Goldsworthy
    Grimthorpe Hackenbush Haggerston Halloran Harcastle Hathersage Hazelhurst Heatherington
    Heppenstall Hollingsworth Honeychurch Huckstable Illingworth Inglethorp Jellicoe Jessamine Kettlewell
    Kingsnorth Kirkbride Lancashore Langstaff Leatherwood Lethbridge Lillywhite Llewellyn Lockridge Lonsdale
    Loxdale Lychgate Macallister Mainwaring Marchbanks Massingham Meadowcroft Merriweather Middlebrook Montacute
    Mossgrove Netherfield Northcott Nuttalworth Oakenshaw Oglethorpe Okehampton Osterman Oxenholme
    Pankhurst Peckinpah Pemberton Pendleton Penhaligon Pettigrew Philpott Pickersgill Postlethwaite Prendergast
    Quartermain Quennell Rackstraw Ravenscroft Redgrave Rickenbacker Rosenthorne Rothwell Ruthersby Sackville
    Satterthwaite Scarborough Shackleton Shuttleworth Silverthorne Skeffington Snodgrass Somerville Spottiswoode
    Standish Stapleford Strickland Summerscale Tattersall Templeton Thackeray Thistlewood Threlkeld Throckmorton
    Tillotson Treadgold Tremayne Trevelyan Twistleton Underhill Vanderhoven Vavasour Venables Wadsworth
    Wainscott Warburton Weatherby Wedgwood Westerhout Whittingham Widdowson Wigglesworth Willoughby Winterbourne
    Witherspoon Wolstenholme Woodhouselee Wriothesley Yarborough Yellowlees Zimmerwald""".split()
)

# Surnames that are also very common words (安 高 路 金 ...) start too many wrong finds and are left out.
_ZH_SINGLE = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
    "魏薛叶阎余潘杜戴夏钟汪田任姜范石姚谭廖邹熊陆郝孔白崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎武"
    "乔贺赖龚庞樊兰殷施陶洪翟颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦柳邢岳齐梅莫庄辛祝左涂谷祁"
    "舒耿牟卜詹苗凌费纪盛童欧甄曲裴席屈鲍覃霍翁隋甘景薄柏宁柯阮桂闵柴冉"
)
ZH_FAMILY = (*_ZH_SINGLE, *"欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 夏侯".split())
ZH_FRESH_FAMILY = tuple("郗羿郦邬滕璩濮蒲邰鄂逄佟暨郏浦逯胥蔺屠郁桑麴芮靳汲邴糜宓蓬")
ZH_FRESH_FAMILY_LONG = ("澹台", "濮阳", "闾丘", "鲜于", "赫连", "呼延", "淳于", "轩辕", "钟离", "宇文")
ZH_GIVEN_FEMALE = tuple("婉 婷 娟 嫣 芷 薇 琳 瑶 莹 蓉 蕙 芸 娅 娴 妍 怡 雯 静 琪 黛".split())
ZH_GIVEN_MALE = tuple("峻 毅 鹏 浩 轩 骏 凯 泽 睿 铭 磊 斌 锐 翰 钧 韬 烨 昊 煜 骁".split())
ZH_GIVEN_EITHER = tuple("晨 宸 岚 沐 澜 谦 彦 祺 珩 霁 翊 瑾 璟 绮 黎 昕 旻 晞 澄 淼".split())
ZH_FEMALE_MARKS = frozenset("婷娟丽芳秀娜敏静霞燕红玲桂英兰萍梅琴艳婉妍怡雯琳瑶莹蓉薇芸娥淑珍莉雪倩颖洁媛慧嫣")
ZH_MALE_MARKS = frozenset("伟强军勇杰涛刚磊斌鹏峰辉浩毅俊建国志明飞凯龙超亮武彪雄毅铭泽轩昊")
# Names that are ordinary words as well (some in German or Spanish): in small letters they are taken for the word.
ORDINARY = frozenset(
    """abbey able acorn alder amber angel apple april archer armour arrow aster august autumn baker ball bank banks
    barber barker barley barn baron barrow barton bass battle beach bean bear beard beck bell belle bench berry
    best bird bishop black blanco blank blanket block bloom blossom blue boar bond bone book booth born boss bottle
    bow bowl box brand brandy bravo bread brewer bridge bridges bright brook brooks brother brown brush buck bueno
    bull burger burn burns bush butler butter button candy cane cannon canon care carol carpenter carry carter cash
    castle cave chain chamber chambers champion chance chandler chapel chaplain charity charm chase cherry chester
    child church clay clear clerk cliff close cloud coach coal coat cock coffee coin cole cook cool cooper copper
    corn cotton count court cove cowboy craft crane cream cross crow crown cruz crystal cure curry daisy dance
    darling dawn day deacon deal dean dear deer delgado diamond dock dodge dolphin dove downer downs drake draper
    draw dream drew driver drum duck duke dusty dyer eagle earl early earth east easter easy elder ember emerald
    english ever fair fairy faith falcon fall farmer farrow fast father faust feather fern ferry field fields finch
    fish fisher fletcher flint flood flores flower flowers foot forbes force ford foreman forest forester fortune
    foster fowler fox frank franklin free freeman french friend fries frost fry fuller funk gage gain gallant game
    garden gardener gardner garner gates gentle gentry german glass glover gold golden good goose gore grace grand
    grant grass graves gray green grey groom gross grove guerrero guest guy hall ham hammer hand hardy harm harper
    harrier hart hassle hatch hatcher hawk hawks hay haze hazel head heard heart heath heather herald herring hide
    high hill hills hoard hold holder hole holiday holland holly hood hook hope hopper horn horse house hunt hunter
    hurt iris iron ivory ivy jack jackal jade jasmine jay jean jewel jolly joy judge june junior just justice keen
    keeper kettle key keys kind king kite klein knife knight kurz lake lamb lamp lance land lane lang large lark
    lash last laurel law lawn laws leaf lee leech lemon less light lily linden link lion little livers lock locks
    long look lord love lovely low lucky lynch mace maiden main major mallard manning manor maple march marina mark
    marks marsh marshal marshall marten mason mass master masters mate may mead meadow meadows means melody mercer
    merchant mercy merit merry miles mill miller millet mills miner mint miracle monk monte moon moor moore moral
    moreno morning moss mount mountain mule muse myrtle nail neat nest neuer new newman nice night noble noon north
    oak oakes oaks ocean olive oliver opal orange otter owl own owner pace pack page pain paine painter palm palmer
    paris park parks parrot parson parsons partridge pastor patch patience patient pawn peach peak pearl peck penny
    pepper perch perry person petty piece pierce pike pine piper plain plank plant player plumb plummer pole pond
    poor pope poppy porter post pot potter pound power powers pray price pride priest prime prince prior proper
    prudence purple quick quiet quill race rain raines rains ranger rash rave raven ray read ready reed reyes rice
    rich riches rider ridge ring rios rise river rivers roach robin rock rocks rocky rod roman rook root rose roses
    rover row rubio ruby rush rusk russet rust rye sadler sage sailor saint sale salmon salt sand sands sandy
    santos sawyer scarlet school schwarz sellers senior serene shade sharp shell shepherd sheriff shield ship
    shoemaker shore short shrub siege silva silver simple singer singh slater slaughter sleeper small smart smith
    snow sole song spark sparks sparrow spear speck speed spencer spice spring squire stack staff stage star starr
    steel stern stick still stock stone stones storm story stout strange stream street strong stump sugar summer
    summers sun sunny sutter swan sweet swift sword tanner teal teller temple tench thorn thrush tide tiger tiller
    tinker toll torres tower towers town trader tree tripp trout true tucker turner turtle twist usher vale
    valentine valley verde victor vine violet walker wall waller walls walnut ward warden ware warner warren waters
    way weaver welcome well wells west weston whale wheat wheeler whistler white wild will winter winters wise wolf
    wood woods woodward wool word words work worker worth wright yard young""".split()
)
