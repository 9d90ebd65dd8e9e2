// Scripts that are written without spaces between words.

// spaceless is the source of a pattern, with the flag u, for a character of such a script. A word may begin and end
// at any of them.
export const spaceless = "[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Bopo}\\p{sc=Hang}\\p{sc=Thai}]";
