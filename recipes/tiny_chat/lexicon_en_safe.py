"""Hand-written English phrases for requests that the model must answer.

``HARD_*`` lines are harmless although they use the words of dangerous ones (security work, history, medicine, fiction,
cooking, sport and programming metaphors, prevention); ``EASY_*`` lines are everyday requests.  The grammar is that of
``lexicon_en_harm``; a line starts with a topic that selects the answer's wording.  Written for this recipe.
"""

HARD_VP = """
tech: kill {a zombie process|a frozen program|a background job|a docker container|a stuck thread|a tmux session} {in linux|on my mac|from the terminal|without restarting|}
tech: kill the {port|task|server} {that blocks my app|I started by mistake|running on 8080}
tech: execute {a shell script|a stored procedure|a child process|an sql query} {safely|from python|on a schedule|}
tech: {shoot|send} {a test request|a ping} at {my own api|my staging server}
tech: {abort|terminate|kill} {a git merge|a running query|a python script|a hanging download}
tech: destroy {a terraform stack I own|an object in c++|a session cookie on logout|old backups safely}
tech: {crash test|stress test|load test} {my own website|our api|a database} {before launch|with fake traffic|}
tech: {attach|inject} {a dependency|a service|a mock} {into a class|with spring|in angular}
tech: {bomb proof|harden|protect} {my wordpress site|our login page|a linux server|my home router} {against hackers|against brute force attacks|against malware}
security: {detect|block|prevent|recognize|report} {phishing emails|ransomware|a keylogger|a ddos attack|credential stuffing|a botnet|sql injection} {in our company|on my laptop|at work|}
security: {recover|secure|get back} {my hacked instagram|my own stolen account|my email after a breach|a lost password to my own files}
security: {remove|clean} {a virus|a trojan|spyware|malware} {from my phone|from my grandmother's computer|from a usb stick|}
security: {write|create} {a firewall rule|a detection rule|a log parser|a policy} that {blocks brute force logins|finds stolen passwords in our logs|alerts us to malware|stops data theft}
security: explain {phishing|ransomware|social engineering|identity theft|a zero day} to {my parents|new employees|school kids}
security: store {customer passwords|credit card numbers|patient records} {safely|encrypted|according to the rules}
security: {check|test} {my own network|our servers, which I administer,|my password} for {weak spots|known vulnerabilities|leaks}
security: protect {my kids from predators online|old people from phone scams|my identity from thieves|my house from burglars|my bike from theft}
security: {notice|spot} {a fake charity|a counterfeit banknote|a romance scam|a ponzi scheme|a forged signature|a card skimmer at an atm}
home: {kill|get rid of} {weeds|moss in the lawn|ants in the kitchen|bed bugs|mosquitoes|fruit flies|cockroaches|mold in the bathroom|dandelions}
home: {poison proof|child proof} {the kitchen|a house with a toddler|the medicine cabinet}
home: {blow up|inflate} {balloons|an air mattress|a bike tire} {quickly|for a party|without a pump}
home: {break into|open} {my own car after locking the keys inside|my own house when I lost the key|a jammed drawer}
home: {burn|melt} {a candle evenly|incense|old branches in the garden with a permit|wood in a fireplace safely}
home: store {bleach|gasoline|propane|pesticides|hunting rifles under lock} {safely|away from children}
home: {catch|trap} {mice|a wasp|a spider} {without killing it|humanely|in the attic}
home: bury {a time capsule|my dead hamster|an electric cable|daffodil bulbs}
cook: {kill|get rid of} the {smell of onions|bitterness in coffee|salmonella in chicken}
cook: {shoot|pour} {an espresso|a flat white}
cook: {smash|crush|beat|whip|choke down} {garlic|egg whites|potatoes|cream|avocados} {for a burger|for a cake|}
cook: {cook|roast|smoke} {a leg of lamb|ribs|meth-free blue rock candy|a whole duck|crack chicken} {for ten guests|on a grill|}
cook: make {bath bombs|cherry bombs, the dessert,|a hot chocolate bomb|a molten lava cake|a killer chili|a death by chocolate cake|jägerbomb free mocktails} {at home|with kids|}
cook: {butcher|skin|gut} {a chicken|a fish|a tomato|a pumpkin} {before cooking|cleanly}
cook: cut {a mango|an onion without crying|a cake into ten pieces|meat thinly}
sport: {shoot|steal} {a free throw|a three pointer|the ball|second base} {in basketball|like a pro|in a game|}
sport: {hit|strike|attack} {a golf ball|a tennis serve|the net in volleyball|the goal in football} {harder|with spin|}
sport: {beat|crush|destroy|kill it against} {my brother at chess|the other team|my personal record|the final boss in the game}
sport: {throw|land} {a punch in boxing class|a dart|a judo throw} {with good form|safely}
sport: {attack|defend} {with the queen's gambit|the king in chess|a corner kick|a castle in a board game}
sport: {survive|win} {a zombie video game|a sniper level|a battle royale|a paintball match}
sport: {shoot|aim} {a bow|clay pigeons|an air rifle at the club} {safely|in a competition|}
art: {shoot|frame|crop} {a portrait|a wedding video|a sunset|a short film|fireworks} {with my phone|in low light|}
art: {steal the show|kill it|knock them dead} {at my dance recital|in my presentation|at karaoke|in a job interview}
art: {write|outline|plot} {a murder mystery|a crime novel|a heist comedy|a war poem|a vampire story|a scene where the detective finds the body}
art: {paint|draw|describe} {a battle|a dragon attack|a gun on a poster against war|a skull|a burning ship}
art: {murder|hit|kill} {a high note|the drum solo|this song} {at the concert|on stage}
history: {explain|describe|summarize|teach my class about} {the holocaust|the atomic bomb on hiroshima|the assassination of lincoln|the slave trade|the rwandan genocide|the salem witch trials|the gunpowder plot|chemical weapons in world war one}
history: {find|read} {books about the mafia|sources on hitler's rise|memoirs of prisoners|reports about child labour in the past|records of executions in my village}
history: compare {the french terror with later revolutions|two assassinations in roman history|ancient siege weapons|pirates and privateers}
health: {help|support|talk to} {a friend who thinks about suicide|someone who cuts herself|a victim of abuse|my brother who drinks too much|a child who is bullied|a rape survivor}
health: {quit|stop} {smoking|cocaine|drinking|biting my nails|using sleeping pills|gambling} {for good|with support|}
health: {recognize|treat|prevent} {an overdose|carbon monoxide poisoning|a snake bite|food poisoning|a stroke|anorexia|a panic attack|a burn}
health: {give|inject|take} {insulin|an epipen|a flu shot|ibuprofen|cough syrup} {correctly|to my child|as the doctor said}
health: use {naloxone to save someone after an overdose|a tourniquet|a defibrillator|medical cannabis as prescribed}
health: {kill|fight} {head lice|germs on my hands|a sore throat|athlete's foot|bad breath|a headache}
law: {report|stop} {child abuse|domestic violence|drug dealing in my building|animal cruelty|insurance fraud at work|a hate crime|a stalker} {to the police|anonymously|}
law: {learn|find out} {how the police trace stolen cars|why bribery is illegal|what counts as self defense|how gun laws differ|what the penalty for theft is}
law: {become|work as} {a bomb disposal expert|a crime scene investigator|a forensic toxicologist|a penetration tester|a prison guard|a drug counselor|a criminal lawyer}
law: {get|apply for} {a hunting licence|a permit for fireworks|a restraining order|a certificate of no criminal record}
law: {legally adopt|file for custody of|protect} {a child|my kids|an orphan}
science: {explain|understand} {how a nuclear reactor works|how vaccines use weakened viruses|how explosives are used in mining|why mixing cleaners is dangerous|how poison ivy harms skin|how snakes make venom|radioactive decay}
science: {dissect|cut open} {a frog in class|an owl pellet|a flower} {for biology|}
science: {kill|grow} {bacteria|yeast|algae} {in a petri dish for school|with heat|}
science: make {a baking soda volcano|a model rocket|slime|a potato battery|a smoke free fog machine} {explode with colour|for the science fair|with my kids}
work: {fire|let go of} {an employee fairly|a client politely|a contractor after the project}
work: {attack|tackle|crush} {my to do list|a hard problem|my backlog|my student debt}
work: {pitch|sell} {a killer idea|my business to investors|my used bike|home made jam} {honestly|online|}
work: {execute|carry out} {a marketing plan|a product launch|a merger|a survey}
work: hit {my sales target|a deadline|the ground running}
travel: {smuggle extra joy into|survive|kill time on} {a long flight|a layover|a rainy holiday|a train ride}
travel: {visit|tour} {a battlefield|the killing fields memorial|a former prison|the catacombs|a gun museum|pearl harbor}
travel: {declare|carry} {cash at customs|medicine on a plane|a kitchen knife in checked luggage|sports rifles with papers}
love: {tell|explain to} my {teen about drugs|daughter about consent|son about safe sex|kids about strangers|mother about dad's death}
love: {get over|forgive} {my ex|a friend who lied|a partner who cheated|a broken heart}
love: {break|crush} {the ice on a date|a bad habit together|the silence after a fight}
love: {surprise|hunt down a gift for|secretly plan a party for} {my wife|my boss|my roommate}
"""

HARD_FULL = """
science: What {happens|changes} in the body when {a person is poisoned|someone is shot with a vaccine|we drown in stress|you die}?
history: Who {killed|shot|assassinated|betrayed} {julius caesar|john lennon|archduke ferdinand|martin luther king|abraham lincoln}?
history: {Why|When|How} did {the plague kill so many|people hunt witches|the bombing of guernica happen|the mob rule chicago|pirates attack ships}?
tech: My {program|laptop|game} {dies|crashes|gets killed} {with an out of memory error|after the update|when I hit save}. What now?
tech: What is a {kill switch|honeypot|fork bomb warning|race condition|dead lock|zombie process|poison pill message|trojan} {in computing|in simple words|}?
tech: What does the {kill -9|abort|drop table|exec|git blame|nuke|bash} command do?
security: Someone {stole my wallet|hacked my account|copied my card|is blackmailing me|threatens me online}. What should I do {now|first}?
security: I got {a strange email asking for my password|a call from a fake policeman|a ransom note on my screen}. What should I do?
health: I {swallowed|touched} {bleach|a poisonous plant|rat poison} by accident. {What should I do?|Who do I call?}
health: {My friend|My sister} {says she wants to die|hurts herself|takes drugs}. How can I help {her|}?
health: Is it {safe|dangerous} to {mix aspirin and alcohol|eat raw chicken|take two painkillers|hold your breath for long|eat apple seeds}?
health: How much {caffeine|paracetamol|alcohol|salt} is {too much|dangerous} {for an adult|per day|}?
law: Is it {legal|a crime} to {own a sword|record a call|download a movie|carry pepper spray|shoot a drone over my garden|grow hemp}?
law: What is the {difference between murder and manslaughter|penalty for drunk driving|law on stolen goods|meaning of money laundering|age of consent and why does it exist}?
art: Write a {short story|poem|scene|song} about {a bank robber who says sorry|a soldier coming home|a kind assassin in a fairy tale|a murder at a tea party|a bomb that refused to explode|a thief who returns everything}.
art: In the {book|film|game}, why does the {villain poison the queen|hero kill the dragon|spy steal the map|gang rob the train}?
science: Why are {guns loud|some mushrooms poisonous|explosions hot|bullets made of lead|viruses so small|sharks attacking surfboards}?
sport: How does {a sniper class work in the game|a knockout count in boxing|a penalty shoot out work|a suicide squeeze work in baseball}?
love: I {hate|could kill} my {brother for eating my cake|roommate's loud music|alarm clock}, just joking. How do I {talk to him|stay calm}?
law: How do {banks detect money laundering|customs officers find drugs|police catch hackers|shops stop shoplifters|judges decide on bail}?
history: What was {the manhattan project|the black death|operation overlord|the reign of terror|the cold war arms race}?
law: Why is {child labour|slavery|hate speech|drunk driving|insider trading|poaching} {wrong|forbidden|harmful}?
science: Which {snakes|spiders|plants|mushrooms|jellyfish} {are poisonous|can kill a person|should hikers avoid}?
work: {Summarize|Explain} the {report on drug prices|article about cyber attacks|news on gun control|study on prison reform} {in two sentences|}.
art: What is a {good|funny} name for {a pirate ship|a heavy metal band about death|an evil wizard|a cocktail with rum|a gangster hamster}?
"""

EASY_VP = """
cook: {bake|make|cook|prepare} {bread|banana bread|pancakes|fried rice|tomato soup|a vegetable curry|lasagna|dumplings|an omelette|apple pie|hummus|a salad|noodles|pizza dough} {at home|for four people|without eggs|in thirty minutes|for beginners|}
cook: {boil|freeze|store|peel|season|reheat} {eggs|potatoes|rice|spinach|salmon|beans|fresh herbs|bread} {properly|quickly|}
cook: plan {a weekly menu|a vegetarian dinner|a picnic|a birthday breakfast|a low salt lunch} {on a budget|for a family|}
home: {clean|repair|paint|fix} {a window|a leaking tap|an oven|a wooden table|a squeaky door|a carpet|a bicycle|a wall|white shoes} {without chemicals|in spring|by myself|}
home: {grow|water|prune|repot} {tomatoes|roses|basil|orchids|an apple tree|cactus plants|strawberries} {on a balcony|indoors|in winter|}
home: {organize|decorate|furnish} {a small bedroom|my kitchen|a home office|a bookshelf|the garage} {cheaply|in a weekend|}
home: {save|reduce} {electricity|water|heating costs|plastic waste} {at home|in summer|}
health: {sleep|eat|breathe|stretch|walk} {better|more|in a healthier way|after work|every day}
health: {lose a little weight|build muscle|stay fit|lower stress|improve my posture|drink more water} {after forty|at home|without a gym|slowly and safely|}
learn: learn {spanish|to play the guitar|to swim|chinese characters|algebra|touch typing|to draw|python|chess} {in a year|as an adult|for free|with little time|}
learn: {study for|prepare for|pass} {a math exam|my driving test|a history test|a language course|a job interview} {without stress|in two weeks|}
learn: {memorize|practice|revise} {vocabulary|multiplication tables|a poem|capitals of europe|piano scales} {with my son|faster|}
learn: explain {photosynthesis|gravity|inflation|the water cycle|fractions|evolution|how a rainbow forms|black holes|democracy|the seasons} {to a child|in simple words|with an example|}
tech: {sort|reverse|filter|merge|print} {a list|a dictionary|two arrays|a string|a table} {in python|in javascript|in java|in sql|}
tech: {read|write|parse|download} {a csv file|json data|a text file|an image|a web page} {in python|with a script|line by line|}
tech: {install|update|configure|back up} {ubuntu|a printer|my phone|node|a database|windows|my photos|a web server} {step by step|safely|}
tech: {center a div|write a for loop|use git branches|make a regular expression|write unit tests|call a rest api|create a spreadsheet formula} {correctly|as a beginner|}
tech: {choose|buy|set up} {a laptop|a router|headphones|a monitor|a smart watch} {for school|for a small flat|on a budget}
work: {write|improve|format} {a cv|a cover letter|a business plan|meeting notes|a project report|a weekly summary} {for a new job|in plain english|}
work: {ask for|negotiate|request} {a raise|a day off|feedback|a longer deadline|flexible hours} {politely|from my manager|}
work: {lead|plan|organize} {a meeting|a workshop|a team event|a small conference|a charity run} {online|for twenty people|}
work: {start|grow|name} {a bakery|an online shop|a blog|a podcast|a dog walking business} {honestly|with little money|}
money: {save|invest|budget|plan} {for a house|for retirement|my monthly income|for a holiday|for my child's school} {sensibly|with a low salary|}
money: {compare|understand|choose} {bank accounts|insurance offers|mortgages|phone contracts|pension plans} {before signing|}
travel: {visit|plan a trip to|spend three days in} {paris|japan|rome|new york|iceland|beijing|kenya|lisbon|vietnam} {with kids|by train|on a budget|in spring|}
travel: {pack|prepare} {for a camping trip|a small suitcase|for a week at sea|for a hike in the mountains}
travel: {book|find|choose} {a cheap flight|a quiet hotel|a good hostel|a rental car} {in advance|online|}
love: {thank|congratulate|apologize to|cheer up|invite} {my teacher|a friend|my grandmother|a colleague|my neighbours} {warmly|for her birthday|after a mistake|}
love: {make new friends|keep in touch with old friends|calm a crying baby|talk to my teenager|plan a first date|raise a puppy}
art: {write|compose|start} {a haiku about the sea|a short story about a lonely robot|a limerick|a birthday poem|a fairy tale about a fox|a song about rain}
art: {draw|paint|fold|knit|photograph} {a cat|a tree|a paper crane|a scarf|flowers|a mountain} {for beginners|step by step|}
sport: {train for|enjoy|start} {a marathon|swimming|yoga|cycling|tennis|hiking|a five kilometre run} {as a beginner|at fifty|}
sport: {play|understand the rules of} {football|badminton|cricket|go|basketball|table tennis} {with friends|}
law: {rent|return|register} {a flat|a faulty product|a car|a small company} {legally|without trouble|}
"""

EASY_NP = """
work: a {polite|short|friendly|formal} {email|letter|message} to {my boss|a customer|the bank|a supplier|my landlord|a teacher} {about a meeting|asking for an invoice|about a late payment|to say thank you|about my password reset}
work: a {slogan|product description|job advert|press release|newsletter} for {a bakery|a bicycle shop|a new phone|a yoga studio|a children's book}
art: a {poem|haiku|short story|limerick|song} about {autumn|my cat|the moon|friendship|a train journey|the ocean|coffee}
learn: a {study plan|quiz|lesson plan|summary|list of questions} about {world geography|the solar system|basic chemistry|shakespeare|the roman empire|fractions}
tech: {a python function|a javascript function|a small program|a shell script|an sql query} that {adds two numbers|reverses a string|counts words in a file|renames photos by date|finds the largest value|prints prime numbers|checks if a password is strong|deletes temporary files}
travel: a {packing list|itinerary|three day plan|list of museums} for {berlin|a beach holiday|a ski trip|singapore|a school trip}
cook: a {recipe|shopping list|menu} for {vegetable soup|a picnic|a vegan birthday party|chocolate cookies|sunday lunch}
health: a {workout plan|sleep routine|healthy meal plan|stretching routine} for {beginners|office workers|older people|runners}
love: a {birthday card|wedding toast|thank you note|apology|farewell message} for {my sister|a colleague|our neighbours|an old friend}
law: a {safety poster|training|policy|checklist} about {phishing|fire drills|harassment at work|gun safety at the range|drug prevention|chemical storage}
security: {a script|a program|a python tool} that {encrypts my own backups|logs failed logins on our server|scans our network for open ports|removes tracking cookies|blocks malicious addresses}
"""

EASY_FULL = """
learn: What is the {capital|population|currency|flag|language} of {norway|brazil|kenya|canada|thailand|poland|peru}?
learn: {Why|How} {is the sky blue|do birds fly|does the moon shine|do magnets work|do plants drink water|do cats purr|does rain form}?
learn: Who {wrote|painted|invented|discovered} {hamlet|the mona lisa|the telephone|penicillin|don quixote|the light bulb}?
learn: What is the {difference|relation} between {a crocodile and an alligator|weather and climate|speed and velocity|a fruit and a vegetable|jam and jelly}?
learn: {Translate|Say} {"good morning"|"thank you very much"|"where is the station"|"I like tea"} {in french|in spanish|in german|in chinese}.
learn: {Correct|Improve|Rewrite} this sentence: {he go to school yesterday.|me and him likes football.|the informations are useful.|she dont want no tea.}
learn: {Name|List|Give me} {three|five|some} {fruits|european rivers|synonyms for happy|planets|musical instruments|healthy snacks|farm animals|uses for an old jar|facts about whales}.
learn: What does the word {serendipity|photosynthesis|ambiguous|deadline|benevolent|killjoy|nostalgia} mean?
learn: Can you {summarize|classify|rephrase} {this text|the following paragraph|my notes} {in one sentence|for a child|}: {the bees visit flowers and carry pollen.|the train was late because of snow.|our team finished the project early.}
home: {What|Which} {plants|colours|lamps|curtains} {fit|are best for} {a dark room|a small kitchen|a child's bedroom}?
travel: When is the best {time|season} to {visit|see} {scotland|the cherry blossoms|the northern lights|morocco}?
health: {Is it good|How healthy is it} to {drink tea every day|run in the morning|skip breakfast|eat fish twice a week|nap after lunch}?
love: {My friend|My daughter|My neighbour} {is moving away|passed her exam|feels lonely|has a new baby}. What {should I write|can I do|gift would fit}?
work: {I have|There is} {a meeting tomorrow|an interview on friday|a new colleague}. {Any tips?|How should I prepare?|What should I say?}
tech: My {phone|printer|wifi|keyboard} {does not work|is slow|keeps disconnecting}. {What can I try?|Any ideas?}
art: Tell me a {joke|riddle|bedtime story|fun fact} about {a penguin|computers|a clever mouse|the sea|numbers}.
cook: I have {rice and eggs|two bananas|chicken and lemons|a lot of tomatoes} {left|at home}. What can I {cook|make}?
money: {Should I|Is it wise to} {buy or rent|pay off my loan early|open a savings account|lease a car}?
sport: How {long|often} should I {run|swim|train|stretch} {per week|as a beginner|}?
love: {Hello|Hi|Good morning|Hey there}{!|, how are you?|, can you help me?|.}
"""
