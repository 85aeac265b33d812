"""English templates in many registers. Slots are the makers of `values_en`; `[a|b|]` is a choice."""

# fmt: off
from __future__ import annotations

NEWS = """
{L} — {N}, [the|a former] {T} of {O}, said {when} that the company [would expand|planned to cut jobs] in {L}.
{O} [announced|said|confirmed] {when} that {N} will [replace|succeed] {N} as {T}.
Shares of {O} [rose|fell|dropped] {num} percent after {N} [resigned|was appointed {T}].
{N}, {num}, [was arrested|died|was found] in {L} on {D}, [police|officials] said.
"[We are proud of the team|It is too early to say|Nobody expected this]," {S} told [reporters|{O}] [in {L}|on {D}].
The [mayor|president|governor] of {L}, {N}, met [with|] {nation} officials [on {D}|{when}].
{O} [beat|lost to|drew with] {O} {num}-{num} in {L}[ {when}|], with {S} scoring [twice|a late goal].
{N} was born [on {D}|] in {L}[, the son of {N}|, where his father worked for {O}|].
Born in {L} in {num}, {S} studied at {O} and later [moved to|settled in] {L}.
[She|He] is [married to|the daughter of|the brother of] {N}, [a|the] {T} [at|of] {O}.
The {nation} [singer|actor|author|striker|scientist|director] {N} [released|wrote|signed with] {O} {when}.
A spokesperson for {O}, {N}, declined to comment.
[The film|The book|The album] was [directed|written|produced] by {N} and [stars|features] {PP}.
{L} ({O}) - [Heavy rain|An earthquake|A fire] [hit|struck] {L} and {L} {when}.
{N} ([left|right]) and {N} during [a visit to|the opening of] {O} in {L}.
[According to|Citing] {O}, [more than|about] {num} people [fled|left] {L} since {D}.
{O} is [based|headquartered] in {L} and [was founded|established] [by {N}|in {L}|on {D}].
The [village|town|river|district] of {L} [lies|is located] [near|north of|between] {L}.
{O}'s {T}, {N}, [wrote|warned|argued] [that|in a letter to {O} that] [prices would rise|the plan had failed].
[After|Before] [joining|leaving] {O}, {S} [worked|served] as [a|the] {T} [at|for] {O}.
{N} defeated {N} {num}–{num} at the {L} Open.
He [played for|coached|managed] {O}, {O} and {O}.
{work} is a {num} {nation} [film|comedy|thriller|novel|album|musical] [directed|written|produced] by {N}[ and starring {N}|].
[The founders|Our three founders|The authors] [are|,] {S}, {S} and {S}[, met at {O}|].
{nation} [troops|voters|farmers|fans|restaurants|officials] [in {L}|] [protested|celebrated] {when}.
{P} [wrote|recorded|plays in|sings on|stars in] {work}.
""".strip().split("\n")

CHAT = """
hey {G}, [are you around|u free tonight|did you see my message]?
{G}: [lol|ok see you there|on my way|no idea tbh]
[just|i just] talked to {G} and [he|she] said [yes|it's fine|to wait]
[have you met|do you know|remember] {N}? [she|he] works at {O} now
[omg|wow] {G} [got married|is pregnant|quit|moved to {L}]!!
going to {L} with {PP} {when}, [wanna come|can't wait|so excited]
[thanks|thank you|thx|happy birthday|good morning|miss you|congrats] {G}[!|!!| :)|]
[can|could] you [ask|tell|call|text|email] {G} [about|regarding] the {thing}?
{G} and {G} are [coming over|fighting again|at the gym]
my [boss|sister|brother|mom|roommate|friend|cousin|neighbor|landlord|wife|husband|son|daughter] {G} [is|was] in {L} {when}
I [live|grew up|work|was born] in {L}
[Is|Was] {P} [still|] [at|in|with] {O}?
@{code} {G} [is so right|said hi|lost the keys]
[So|And] {G} goes "[no way|whatever]" and {G} just [laughed|left]
{P} [always|never] [forgets|remembers] [my|the] {thing}.
[I|we] met {P} [at|near] {L} {when}
[watching|listening to] {P} [on {product}|live in {L}] rn
{G}'s [birthday|wedding|party|flight] is [on {D}|{when}]
[Sorry|Hi|Hello|Hey|Dear|Good evening] {G}, [I'm running late|quick question|hope you're well]
RT {O}: {L} [is amazing|traffic is terrible today]
[i hate|i love|i miss] {L} [so much|in the summer|]
[flight|train|bus] from {L} to {L} [is delayed|got cancelled|leaves at 6]
did {G} [ever|] pay you back the {money}?
[just watched|have you seen|currently reading|i love] {work}[, so good| again|!]
[my|our] {product} [is broken|crashed again|needs an update]
{G} is a huge {P} fan
i'm [a|the biggest] {P} fan and [my|the] [cat|brother] hates it
{O} [sucks|is the best|is hiring|never answers|charged me twice]
[had|got] [lunch|coffee] at {O} with {G}
talk to {G} in [accounting|sales|HR], [he|she] knows [everything|the answer]
""".strip().split("\n")

FORMS = """
Name{m}{N}\\nAddress{m}{A}\\nPhone{m}{phone}\\nEmail{m}{email}
Full name{m}{N}\\nDate of birth{m}{D}\\nPlace of birth{m}{L}\\nNationality{m}{nation}
First name{m}{G}\\nLast name{m}{S}\\nCity{m}{L}\\nCountry{m}{L}
Name{m}{V}\\nOccupation{m}{T}\\nEmployer{m}{O}
Customer{m}{N}\\nOrder{m}{code}\\nShip to{m}{A}
Patient{m}{V}\\nDOB{m}{D}\\nPhysician{m}{H}\\nAdmitted{m}{D}
{N}\\n{A}
>{N}\\n>{O}\\n>{A}\\n>{phone}
{N}\\n{A}\\n{L}\\n{phone} office\\n{phone} fax
{N}\\n{O}\\n{A}\\n{phone}
{O}\\n{A}
Bill to:\\n{N}\\n{A}\\n\\nInvoice {code} dated {D}, amount {money}
From{m}{N}\\nTo{m}{N}\\nCc{m}{PP}\\nDate{m}{D}\\nSubject{m}{thing} for {O}
Attendees{m}{PP}\\nDate{m}{D}\\nLocation{m}{L}\\nChair{m}{N}
id,name,city,company\\n1,{N},{L},{O}\\n2,{N},{L},{O}\\n3,{N},{L},{O}
name\\ttitle\\tstart\\n{N}\\t{T}\\t{D}\\n{N}\\t{T}\\t{D}
| Name | Role | Office |\\n|------|------|--------|\\n| {N} | {T} | {L} |\\n| {N} | {T} | {L} |
{"name": "{N}", "company": "{O}", "city": "{L}", "joined": "{D}"}
{"first_name": "{G}", "last_name": "{S}", "address": "{A}"}
[{"user": "{N}", "role": "{T}"}, {"user": "{N}", "role": "{T}"}]
<person><name>{N}</name><employer>{O}</employer></person>
name = "{N}"\\nemail = "{email}"\\nlocation = "{L}"
- {N}\\n- {N}\\n- {N}
1. {N} ({O})\\n2. {N} ({O})\\n3. {N} ({O})
* {N}, {T}\\n* {N}, {T}
{N}, {N}, {N}, {N}
Contact{m}{N}, {T}\\nCompany{m}{O}\\nHeadquarters{m}{A}
Emergency contact{m}{N} ([mother|spouse|brother]), {phone}
Account holder{m}{N}\\nBank{m}{O}\\nBranch{m}{L}
[Departure|From]{m}{L}\\n[Arrival|To]{m}{L}\\nPassenger{m}{N}\\nDate{m}{D}
EMPLOYEE{m}{N}\\nPOSITION{m}{T}\\nHIRE DATE{m}{D}
Tenant{m}{N}\\nLandlord{m}{N}\\nProperty{m}{A}\\nTerm{m}{D} to {D}
{T}{m}{N}
{N} - {T}
{N} | {T} | {O} | {L}
""".strip().split("\n")

TICKETS = """
Hi, [my name is|this is|I'm] {N} [and|,] my {thing} {code} [has not arrived|is broken|was charged twice]. [My address is|I live at|Please send it to] {A}.
Customer {N} (phone {phone}) [called|complained] {when} about [a|the] {thing}.
[Please|Can you] [send|deliver|ship|mail] [it|the {thing}|my card] to {A}.
I [moved|have moved|am moving] from {A} to {A} [on {D}|{when}].
How do I change [my|the] address to {A}?
[You can find me|We are|Our office is|The office is located] at {A}.
[Agent|User] {N} [updated|closed] ticket {code} on {D}.
I bought [a|the] {product} at {O} in {L} [on {D}|{when}] and [it stopped working|want a refund].
[Could|Can] you [block|cancel|renew] the card of {N}?
I'd like to speak to {H}[, please|].
{N} [from|of|at] {O} [asked|wants|called] [to cancel|about] the {thing}.
[My|Our] account is under [the name|the name of] {N}.
I work [at|for] {O} as [a|an|the] {T} and my manager is {N}.
[Please|Could you] update my [billing|shipping|home] address[: | to ]{A}
{G} lives [at|on] {A}[.| street.| in {L}.]
The {O} office is [at|on] {A}.
{O} is [the brainchild of|a start-up by|owned by] {N}[, {N} and {N}|]. [It offers|The idea was born in {L}].
[I'm|I am] {N}, {T} at {O}[ in {L}|]. Can you help me with [a|my] {thing}?
Who is the {T} of {O}?
My [name|full name] is {N}[ and I live in {L}| but everyone calls me {G}|].
The driver[, {G},|] left the package [at|in front of] {A}.
What is the [address|phone number|zip code] of {O} in {L}?
[Is there|Are there] any [flights|trains|buses] from {L} to {L} {when}?
[Transfer|Send] {money} to {N}[ at {O}|].
When did {P} [open|close|cancel] the account?
[Inform|Notify|Remind] {P} [about|of] the {thing} [by {D}|].
""".strip().split("\n")

MEDICAL = """
{N} is a {num}-year-old [man|woman] [admitted|referred] on {D} [with|for] [chest pain|shortness of breath|a fractured wrist].
{H} [examined|saw|discharged] {P} [at|in] {O} on {D}.
The patient, {N}, was [transferred|referred] to {O} [by {H}|] for [surgery|an MRI].
[Seen|Reviewed] by {H}[, {T},|] at {O}. Follow-up on {D}.
Mr. {S} [denies|reports] [fever|pain|allergies]. His wife {G} was present.
{G} [has been taking|was prescribed] [ibuprofen|metformin|amoxicillin] since {D}.
Next appointment{m}{D} with {H}, {O}
[Mrs.|Ms.] {S} lives alone in {L}; her daughter {N} [visits weekly|is her carer].
""".strip().split("\n")

LEGAL = """
This agreement is made on {D} between {O} ("the Company") and {N} ("the Employee").
The plaintiff, {N}, [resides|residing] at {A}.
{N} v. {O}
{S} v. {S}, [decided|filed] {D}
Witness {N} [testified|stated] that [he|she] saw {P} in {L} on {D}.
[I, |]{N}, of {A}, hereby [appoint|authorize] {N} [as my attorney|to act on my behalf].
The defendant {S} was [represented by|sentenced by] {N}[ of {O}|].
The property located at {A} is leased by {N} to {N}.
Signed by {N}, {T}, on behalf of {O}, {D}
I leave my house [at {A}|in {L}] to my [daughter|nephew] {N}.
The Honorable {N} [presiding|dismissed the case].
""".strip().split("\n")

MAILS = """
Dear {H},\\n\\n[Thank you for your letter of {D}|I am writing about the {thing}|We regret to inform you].\\n\\n[Sincerely|Yours faithfully|Kind regards|Best],\\n{N}\\n{T}, {O}
Hi {G},\\n\\n[Just a reminder|Quick update|Hope you are well]: {P} will [join us|be in {L}|start as {T}] [on {D}|{when}].\\n\\n[Thanks|Cheers|Best|Regards|Love|xx],\\n{G}
Hello {G} and {G},\\n[please find attached|see below] the {thing} [from|for] {O}.\\n{G}
[Dear|Hello] {N},\\n[congratulations|we have received your application] for the position of {T} at {O}.
On {D}, {N} <{email}> wrote:\\n> [I agree with|Let's ask] {P}.
Best regards,\\n\\n{N}\\n{T}\\n{O}\\n{A}\\nT: {phone}
-- \\n{N}\\n{O} | {phone}
[Team|All|Everyone],\\nPlease welcome {N}, our new {T}[, who joins us from {O}|]. {G} [reports to|will work with] {N}.
Forwarding this to {G}. {G}, can you [handle|check] the {thing} for {O}?
cc: {PP}
Minutes: {G} [presented|reviewed] the {thing}. {G} [raised concerns|agreed]. Action: {G} to [call|email] {O} by {D}.
""".strip().split("\n")

PROMPTS = """
Write [a|an] [cover letter|resume|email|recommendation letter|bio] for {N}, [a|an] {T} [at|applying to] {O}.
[Summarize|Translate|Rewrite|Proofread] the following [email|message|text]: {P} [told|asked] {P} [about|for] the {thing} in {L}.
[Help me|I need to] [reply|write back] to {P}, who [works at|is with] {O}.
Plan a {num}-day trip [to|from {L} to|through] {L}[ for {PP}|].
What [is the weather like|should I see|are the best restaurants] in {L}?
Who is {P}[ and why is [he|she] famous|]?
Tell me [about|a joke about|the history of] [{O}|{L}|{P}].
My [husband|wife|friend|coworker|boss|ex|doctor|teacher|neighbour], {N}, [keeps calling me|owes me {money}|moved to {L}]. What should I do?
I am {N}, born [on {D}|in {L}], [and|] I [need|want] [a new passport|advice].
[Compare|Analyze] {O} and {O}.
{PP} went to {L} together; each paid {money}. [How much is that|What did they spend]?
Write a story [about|in which] {P} [and {P} |][who live in|meeting in|travelling to] {L}.
Is it true that {P} [was born in|worked for|bought] [{L}|{O}]?
Here is [the|a] [transcript|chat log|list of guests]:\\n{N}: [Hello everyone.|Let's start.]\\n{N}: [Thanks, {G}.|Where is {G}?]
[Draft|Create] [a contract|an invoice|an NDA] between {O} and {N}, {A}.
Give me [directions|the route] from {A} to {L}.
[Extract|List] the [names|addresses|companies] from: {N} ({O}), {N} ({O}), {A}
If {G} has {num} apples and {G} has {num}, how many [do they have|are left]?
我的[老板|朋友]叫{N}，[在|就职于] {O} [工作|上班]，[住在|地址是] {A}
请把这封邮件翻译成中文：Dear {G}, [see you|meet me] in {L} on {D}. {N}
{N} [vs|versus] {N}: [who won|who is better]?
Pretend you are {P}[, {T} of {O}|] and [answer|introduce yourself].
""".strip().split("\n")

STORY = """
{G} [looked at|smiled at|ran after|waited for|hugged] {G} [and said nothing|in silence|at the station].
"[Where are you going|Come back|I don't believe you]," [said|asked|whispered|shouted] {P}.
[When|After|Before] {G} [left|arrived in|came back from] {L}, {G} [sold the house|was already gone|wrote every week].
{P} had [never|always] [been to|wanted to see|dreamed of] {L}.
Old {H} [opened|closed] the [shop|door] [as usual|early that day].
[The|That] summer {G} [turned {num}|met {N}|took a job at {O}], [everything changed|it rained for weeks].
{G}'s [mother|father|sister|dog|voice|house] [was|seemed] [quiet|strange|far away].
[It was|They had known it was] {G} who [called|lied|found the letter].
{S} [nodded|frowned|sighed]. "[Ask|Tell] {S}," [he|she] said.
[There|Here] [came|stood] {N}, [tall and pale|with a suitcase|out of breath].
[I|We] [saw|heard|met|visited|thanked|invited|hired|blamed|trusted|know] {P}[ {when}| at {O}| in {L}|].
{work} [made|left] {G} [cry|speechless].
{P} [wrote|called|emailed|paid|drove|cooked|agreed|refused|disagreed|left|apologized][ {when}|].
""".strip().split("\n")

WORK = """
{N} [joined|left] {O} [in|on] {D} as [a|the|our] {T}.
{N}, {T} at {O}, [will speak|spoke] [at|in] {L} on {D}.
[Our|The] {T}, {N}, [approved|rejected] the {thing}.
{O} [hired|fired|promoted] {N} [to|as] {T}.
I [reported|forwarded] the {thing} to {N} ({T}).
The {T} [approved|signed] the {thing} on {D}.
We [signed|closed] a deal with {O} [worth {money}|in {L}].
{O} [acquired|sued|invested in|partnered with] {O}[ for {money}|].
Offices{m}{L}, {L}, {L}
Please [contact|ask|see] {N} [at {phone}|or {N}] [before {D}|].
{G} is on vacation [until {D}|]; {G} [covers|will cover] for [him|her].
[Employees|Staff] of {O} in {L} [went on strike|received a bonus].
git commit -m "[Fix|Add] {thing}" --author="{N} <{email}>"
# TODO({G}): [ask|check with] {N} about the {thing}
// [Written|Reviewed] by {N}, {D}
user {N} logged in from {L} at {D}
[INFO] {D} assigned {thing} {code} to {N}
""".strip().split("\n")

ALL: dict[str, list[str]] = {
    "news": NEWS, "chat": CHAT, "forms": FORMS, "tickets": TICKETS, "medical": MEDICAL, "legal": LEGAL, "mails": MAILS,
    "prompts": PROMPTS, "story": STORY, "work": WORK,
}

# Sentences without any entity, some with capitals that are none.
PLAIN = """
The meeting went well.|Please let me know what you think.|I will get back to you soon.|The results were better than expected.|Thanks for your patience.|Can you send me the file?|We need more time.|Terms and Conditions apply.
This product is out of stock.|Python is a programming language.|How do I reset my password?|The API returns a JSON object.|Happy New Year!|I love this song.|What time does it start?|The quick brown fox jumps over the lazy dog.|Click Settings, then Privacy.
Table of Contents|Read the FAQ first.|Add two cups of flour and stir.|It rained all day.|The Wi-Fi is down again.|She said no.|He is late.|They won the game.|Our team worked hard.|Total: 3 items|Status: Pending|Yes, I agree.|Best Practices for Remote Work|PRIVACY NOTICE
Mark the box and sign below.|Will you bill me monthly?|May I ask a question?|The rose is red.|Grant access to the folder.|Chase the deadline.|A faith in progress.|Summer is hot.|Hope this helps!|Jack up the car first.|Drew a line.|Rich people pay more.|Frank answers only.
""".strip().replace("\n", "|").split("|")

# What people tell household robots and devices, and the things in it: written as names, but none.
HOUSEHOLD = """
[Please |]put the {thing} [in|on|under|next to|behind|into] the {thing}[ and come back|].
[Turn|Switch] [on|off] the {thing}[ in the kitchen| in the bedroom|, then the {thing}|].
Pick up the {thing}[ and the {thing}|] [from|off] the {thing}.
[Open|Close|Wash|Empty|Fill|Clean|Lock|Break|Slice|Heat|Cool|Wipe|Move|Drop|Throw away|Find] the {thing}[ with the {thing}|].
[Can you|Could you] [bring|fetch|hand] me [a|the|my] {thing}?
[Go|Walk|Drive] to the {thing} [and|, then] [open it|look for the {thing}|wait there].
[Set|Dim|Start|Stop] the {thing}[ to {num}|].
Place [a|the] {thing} [on|in] the {thing}, [then|and] [close|clean|turn off] the {thing}.
Is the {thing} [empty|broken|on|closed|full|dirty]?
The {thing} is [dirty|next to the {thing}|in the {thing}|not working].
The {thing} [component|class|button|widget|object|event|field] [shows|returns|opens|is set by] the {thing}.
{thing}: [open|closed|on|off|{num}]
navigate to {thing}, grab {thing}, release {thing}
""".strip().split("\n")
THINGS = """
lamp|desk lamp|floor lamp|night light|ceiling light|light switch|power button|kettle|tea pot|toaster|toaster oven|oven|stove|stove burner|stove knob|gas hob|fridge|freezer|dish washer|washing machine|laundry basket
kitchen sink|bathroom sink|bath tub|shower|shower curtain|shower door|tap|faucet|mirror|towel|hand towel|paper towel|towel rack|toilet|toilet seat|toilet paper|soap|soap bar|soap bottle|spray bottle|sponge|scrub brush|plunger
mug|cup|glass|wine glass|wine bottle|bottle|water bottle|plate|bowl|salad bowl|fork|spoon|knife|butter knife|spatula|ladle|frying pan|pan|pot|lid|tray|cutting board|salt shaker|pepper mill|jar|cookie jar|lunch box
apple|banana|orange|lemon|pear|plum|cherry|bread|loaf|egg|tomato|potato|carrot|onion|lettuce|cheese|ham|rice|pasta|cake|pie|cookie|honey|butter|olive oil|coffee|coffee machine|coffee table|coffee cup
chair|arm chair|office chair|rocking chair|stool|foot stool|sofa|couch|bench|table|dining table|side table|desk|shelf|shelving unit|book shelf|cabinet|kitchen cabinet|drawer|dresser|wardrobe|closet|bed|pillow|blanket|mattress
book|note book|pen|pencil|paper|news paper|magazine|envelope|box|tissue box|card|credit card|key chain|keys|wallet|watch|alarm clock|clock|phone|cell phone|laptop|tablet|keyboard|mouse|monitor|television|remote control|speaker|radio
camera|candle|vase|house plant|flower pot|watering can|painting|picture frame|statue|teddy bear|toy car|ball|basket ball|tennis racket|base ball bat|dumb bell|yoga mat|umbrella|hat|shoes|boots|jacket|coat hanger|cloth|curtain|curtains
window|window blind|blinds|door|front door|door bell|garage door|gate|garbage can|trash bin|garbage bag|recycling bin|bucket|broom|mop|dust pan|vacuum cleaner|robot arm|gripper|base station|charging dock|sensor|thermostat|fan|heater
air conditioner|smoke detector|fire extinguisher|first aid kit|tool box|hammer|screw driver|drill|ladder|rope|hose|lawn mower|mail box|bicycle|car|trolley|conveyor belt|pallet|crate|safe|counter top|rug|carpet|stairs|elevator
check box|radio button|drop down|side bar|nav bar|tool tip|text area|scroll bar|user profile|data frame|event handler|error message|hash map|linked list|tree node|state machine|page header|date picker|view model|task runner|time stamp
""".strip().replace("\n", "|").split("|")
