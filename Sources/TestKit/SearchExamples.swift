/// A message, a search, and whether the search finds it: checked against the rule and every archive.
public struct SearchExample: Sendable {
    public let said: String
    public let wanted: String
    public let isFound: Bool

    private init(_ said: String, _ wanted: String, _ isFound: Bool = true) {
        self.said = said
        self.wanted = wanted
        self.isFound = isFound
    }

    public static let all: [SearchExample] = [
        // Scripts without blanks: any word of the sentence, and the beginning of a word.
        .init("我今天去北京大学", "北京"), .init("我今天去北京大学", "北京大学"), .init("我今天去北京大学", "学"),
        .init("我今天去北京大学", "我"), .init("我今天去北京大学", "京北", false), .init("我今天去北京大学", "北学", false),
        .init("去北京abc", "北京abc"), .init("去北京abc", "abc"), .init("3月に東京へ行きます", "東京"),
        .init("3月に東京へ行きます", "3月"), .init("ｶﾞｰﾃﾞﾝで会おう", "ガーデン"), .init("かき", "がき", false),
        .init("ฉันรักภาษาไทยมาก", "ภาษา"), .init("ฉันรักภาษาไทยมาก", "ไทย"), .init("ฉันรักภาษาไทยมาก", "จีน", false),
        .init("ຂ້ອຍມັກພາສາລາວ", "ພາສາ"), .init("ខ្ញុំចូលចិត្តភាសាខ្មែរ", "ភាសា"), .init("ကျွန်တော်မြန်မာစာဖတ်တယ်", "မြန်မာ"),
        .init("学校に行く", "学 行"), .init("학교에서 만나요", "학교"), .init("학교에서 만나요", "교에", false),
        // Case, as for names.
        .init("Hauptstraße 5", "HAUPTSTRASSE"), .init("HAUPTSTRASSE", "hauptstraße"), .init("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        .init("Οδυσσεύς", "οδυσσευσ"), .init("ＡＢＣ", "abc"), .init("ﬁne", "fine"), .init("DİYARBAKIR", "diyarbakir"),
        // Accents and points.
        .init("un café", "cafe"), .init("un cafe", "CAFÉ"), .init("cafe\u{301}", "café"), .init("Καλημέρα", "καλημερα"),
        .init("καλημερα", "Καλημέρα"), .init("всё хорошо", "все"), .init("мой дом", "мои", false),
        .init("Łódź", "lodz"), .init("Đường Nguyễn Huệ", "duong nguyen hue"), .init("smørrebrød", "smorrebrod"),
        .init("שָׁלוֹם", "שלום"), .init("السَّلامُ عَلَيْكُم", "السلام عليكم"), .init("أحمد", "احمد"),
        .init("हिन्दी भाषा", "हिन्दी"), .init("हिन्दी भाषा", "हन्द", false),
        // Signs are found as they were typed.
        .init("I like C++ best", "C++"), .init("C++, then Rust", "c++"), .init("Rust/C++.", "C++"),
        .init("cats can climb", "C++", false), .init("vitamin C", "C++", false), .init("C# or F#", "c#"),
        .init("C or F", "C#", false), .init("the .NET runtime", ".NET"), .init("the network", ".NET", false),
        .init("fine :-)", ":-)"), .init("fine", ":-)", false), .init("🎉 done 👍🏽", "👍"), .init("done", "👍", false),
        .init("see foo_bar.txt", "foo_bar"), .init("see foo_bar.txt", "bar"), .init("costs 5 €", "€"),
        .init("cd /usr/share", "/usr/sh"), .init("a || b", "||"), .init("a & b", "||", false),
        .init("I don’t know", "don't"), .init("l'école", "ecole"), .init("co\u{AD}operate", "cooperate"),
        // Sentences as they are pasted.
        .init("good morning ana", "\"Good morning, ana!\""), .init("good morning", "(good)"), .init("what now", "now?"),
        // All words are beginnings of words.
        .init("four cups of tea", "te fo"), .init("four cups of tea", "ea", false),
    ]
}
