"""English glosses of common Han characters.

The teacher reads English only; a character's gloss gives it a start value beside the English words of like meaning.
"""

GLOSSES = """
杀 kill|毒 poison drug|炸 explode|弹 bomb bullet|枪 gun|刀 knife|死 death|伤 injure|害 harm|骗 cheat scam|偷 steal|抢 rob|劫 hijack|盗 theft
贼 thief|匪 bandit|罪 crime|犯 criminal|黑 black hacker|客 guest|攻 attack|击 hit strike|袭 raid|侵 invade|破 break|坏 bad broken|毁 destroy
灭 extinguish|烧 burn|火 fire|爆 explosion|雷 mine thunder|药 medicine drug|品 product|贩 trafficking|卖 sell|买 buy|走 walk|私 private|赌 gamble
博 gambling|嫖 prostitution|娼 prostitute|淫 obscene|色 color sexual|情 feeling|性 sex nature|奸 rape|强 strong force|暴 violence|虐 abuse|待 treat
打 hit|殴 beat|砍 chop|捅 stab|割 cut|绑 tie kidnap|架 frame|拐 abduct|诱 lure|奴 slave|童 child|幼 infant|孩 child|婴 baby|女 woman|男 man
老 old|弱 weak|病 sick|残 disabled|疾 disease|自 self|尽 finish|杀 kill|恐 terror fear|怖 horror|威 threat|胁 coerce|吓 scare|勒 blackmail|索 extort
敲 knock|诈 fraud|欺 bully deceive|负 bear|辱 insult|骂 curse|侮 humiliate|谣 rumor|诽 slander|谤 defame|造 make|假 fake|伪 forge|冒 pretend|仿 imitate
贿 bribe|赂 bribery|贪 corrupt|污 dirty pollution|洗 wash|钱 money|税 tax|逃 escape|漏 leak|洞 hole|窃 steal|取 take|监 monitor prison|控 control
听 listen|窥 spy|拍 photograph|跟 follow|踪 trace stalk|骚 harass|扰 disturb|歧 discrimination|视 view|仇 hatred|恨 hate|种 race kind|族 ethnic
民 people|族 nation|教 teach religion|派 faction|极 extreme|端 extreme end|煽 incite|动 move|颠 overthrow|覆 overturn|叛 rebel|乱 chaos|政 politics
府 government|国 country|家 home family|军 army|警 police|察 inspect|法 law|院 court|律 law|狱 prison|捕 arrest|审 trial|判 judge|证 proof
据 evidence|密 secret|码 code|账 account|户 account|号 number|卡 card|银 silver bank|行 go|信 letter trust|息 information|网 network internet
络 network|站 website station|电 electricity|脑 brain computer|机 machine|软 soft|件 document|程 program|序 sequence|系 system|统 system|服 service
务 service|器 device|数 number|库 database|代 code generation|测 test|试 try test|防 defend|护 protect|保 protect|安 safe|全 whole safe|救 rescue
助 help|帮 help|治 cure|疗 therapy|医 doctor|诊 diagnose|健 healthy|康 healthy|预 prevent|避 avoid|免 avoid|止 stop|禁 forbid|戒 quit|检 check
查 check|识 recognize|别 distinguish|举 raise|报 report|投 throw invest|诉 sue|维 maintain|权 rights power|益 benefit|合 legal together|非 not
违 violate|规 rule|定 fixed|律 law|责 responsibility|任 duty|德 moral|公 public|平 fair|正 right|尊 respect|重 heavy important|理 reason|解 understand
爱 love|恋 romance|婚 marriage|妻 wife|夫 husband|父 father|母 mother|妈 mother|爸 father|儿 son|子 child|友 friend|朋 friend|同 same|事 matter
学 study|校 school|生 life student|师 teacher|课 lesson|书 book|读 read|写 write|字 character word|文 text language|章 chapter|诗 poem|歌 song
曲 melody|舞 dance|画 paint|影 film|视 video|游 travel game|戏 play game|玩 play|球 ball|跑 run|泳 swim|运 exercise|赛 race match|练 practice
吃 eat|喝 drink|饭 rice meal|菜 dish vegetable|肉 meat|鱼 fish|鸡 chicken|蛋 egg|糕 cake|面 noodle|汤 soup|茶 tea|酒 alcohol|水 water|果 fruit
糖 sugar|盐 salt|油 oil|炒 stir fry|煮 boil|蒸 steam|烤 bake|做 do make|切 cut|洗 wash|衣 clothes|鞋 shoes|房 house|屋 house|门 door|锁 lock
窗 window|床 bed|车 car|路 road|飞 fly|船 ship|票 ticket|旅 trip|城 city|市 city market|山 mountain|海 sea|河 river|天 sky day|地 ground|花 flower
草 grass|树 tree|木 wood|虫 insect|鼠 mouse rat|蚊 mosquito|猫 cat|狗 dog|马 horse|牛 cow|鸟 bird|动 animal move|物 thing|植 plant|养 raise
工 work|作 work|业 industry|职 job|员 staff|司 company|经 manage|济 economy|商 business|店 shop|价 price|费 fee|资 capital|金 gold money|股 stock
票 ticket|贷 loan|款 fund|险 insurance danger|危 danger|毒 poison|化 chemical|学 science|核 nuclear|射 shoot|武 weapon martial|器 weapon tool
战 war|争 fight|史 history|古 ancient|代 era|朝 dynasty|皇 emperor|革 revolution|命 life order|领 lead|导 guide|人 person|们 people|我 me|你 you
他 he|她 she|什 what|么 what|怎 how|样 manner|如 like how|何 how what|为 for|吗 question|呢 question|吧 suggest|请 please|想 want think|要 want
能 can|会 can will|可 can|以 by|应 should|该 should|必 must|须 must|不 not|没 no not|无 without|有 have|是 is|在 at|的 of|了 done|和 and|与 and
或 or|但 but|因 because|所 so place|被 by|把 take|给 give|让 let|使 make|用 use|利 use profit|得 get|到 arrive|从 from|对 to correct|向 toward
于 at|之 of|这 this|那 that|些 some|个 piece|种 kind|次 time|年 year|月 month|日 day|时 time|分 minute divide|秒 second|早 early|晚 late evening
今 today|明 bright tomorrow|昨 yesterday|春 spring|夏 summer|秋 autumn|冬 winter|冷 cold|热 hot|大 big|小 small|多 many|少 few|高 high|低 low
长 long|短 short|快 fast|慢 slow|好 good|美 beautiful|新 new|旧 old|真 true|实 real|简 simple|单 single|易 easy|难 difficult|容 contain easy
步 step|骤 step|方 way|法 method|案 case plan|计 plan|划 plan|策 strategy|略 strategy|技 skill|巧 skill|术 technique|教 teach|讲 talk|说 say
话 speech|谈 talk|问 ask|答 answer|题 question|回 return reply|复 reply|介 introduce|绍 introduce|建 build suggest|议 discuss|意 meaning|见 see
看 look|观 view|点 point|释 explain|析 analyze|比 compare|较 compare|总 total|结 conclude|列 list|出 out|入 enter|进 enter|开 open|关 close|上 up
下 down|左 left|右 right|前 front|后 behind|里 inside|外 outside|中 middle|间 between|东 east|西 west|南 south|北 north|边 side|始 begin|终 end
成 become|功 success|失 lose|败 fail|错 wrong|误 mistake|原 original|由 reason|后 after|果 result|响 influence|影 shadow|变 change|改 change|增 increase
减 reduce|提 raise|降 lower|加 add|除 remove|清 clean|修 repair|装 install pretend|设 set|备 prepare|准 prepare|找 find|寻 search|搜 search|选 choose
择 choose|送 send|寄 mail|收 receive|发 send|拿 take|放 put|带 bring|穿 wear|住 live|睡 sleep|眠 sleep|醒 wake|坐 sit|站 stand|笑 laugh|哭 cry
怒 anger|怕 fear|悲 sad|伤 sad hurt|孤 lonely|独 alone|压 pressure|抑 depressed|郁 gloomy|焦 anxious|虑 worry|心 heart|身 body|体 body|头 head
手 hand|脚 foot|眼 eye|耳 ear|口 mouth|牙 tooth|皮 skin|血 blood|骨 bone|胃 stomach|肺 lung|癌 cancer|疫 epidemic|苗 vaccine|菌 bacteria|传 spread
染 infect|播 broadcast|隐 hide|瞒 conceal|藏 hide|匿 anonymous|掩 cover|盖 cover|骨 bone|尸 corpse|葬 bury|墓 grave|鬼 ghost|神 god|佛 buddha
仰 faith|邪 evil|迷 obsessed|组 group|织 organize|团 team|队 team|帮 gang help|派 send|社 society|群 crowd|众 crowd|穷 poor|富 rich|贫 poor
农 farmer|村 village|企 company|官 official|选 elect|举 elect|抗 resist|议 protest|示 show|威 power|环 environment|境 environment|污 pollute
染 pollute|垃 garbage|圾 garbage|废 waste|气 gas air|油 oil|电 power|光 light|声 sound|音 sound|乐 music happy|节 festival save|礼 gift|祝 wish|贺 congratulate
""".strip()


def glosses() -> dict[str, str]:
    """English gloss by character; the first one given counts."""
    out: dict[str, str] = {}
    for pair in GLOSSES.replace("\n", "|").split("|"):
        character, _, meaning = pair.partition(" ")
        out.setdefault(character, meaning)
    return out
