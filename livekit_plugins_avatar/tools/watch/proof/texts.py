"""What the faces of the proof say: short, with many closed lips and wide vowels."""

TEXTS = (
    "My neighbour built a small boat, painted it blue, and put it in the pond behind the barn.",
    "Before you buy a map of the mountains, please compare the price with another shop.",
    "We have plenty of time, so put the kettle on and tell me about your family.",
    "The bus to the museum stops by the old market, about five minutes from here.",
    "Pamela wrapped both parcels in brown paper and mailed them on Monday morning.",
    "If the alarm begins to beep, press the button above the door and wait.",
    "Every summer people from all over Europe come to swim in this bay.",
    "Could you move the table a bit? I would rather sit beside the window.",
    "A warm bowl of soup makes a rainy evening much more bearable, I believe.",
    "Robert promised to bring apples, plums and a bottle of lemon water.",
    "The camera was broken, but my phone made some beautiful pictures of the bridge.",
    "Maybe the simplest way is to open both files and compare them by hand.",
    "Our office is above the bakery, so it smells of bread from five in the morning.",
    "Thank you for waiting. Your number is seven, and it will be your turn very soon.",
    "When the music stopped, everybody clapped, and the band played one more piece.",
    "Put a pinch of pepper on top, and bake it for about half an hour.",
    "I am afraid that model is out of stock, but we may have a similar one.",
    "The bear climbed over the wall, found the honey, and ran back into the woods.",
    "Please remember to bring your passport and a map, and be at the port by noon.",
    "Nobody knew why the lamp went off, but my father mended it with a bit of wire.",
)
