import Testing

@testable import Wire

@Suite("Names that look alike")
struct SkeletonTests {
    private let table = MappingTable(ConfusableTable.text)

    @Test("the table contains only Latin, Greek, Cyrillic, digits, ASCII and signs")
    func contents() {
        let known: [(Unicode.Scalar, String?)] = [
            ("а", "a"), ("е", "e"), ("о", "o"), ("р", "p"), ("с", "c"), ("у", "y"), ("х", "x"), ("і", "i"), ("Ѕ", "S"),
            ("ο", "o"), ("ν", "v"), ("Α", "A"), ("Ζ", "Z"), ("ɑ", "a"), ("æ", "ae"), ("ƽ", "s"), ("١", "l"), ("०", "o"),
            ("0", "O"), ("1", "l"), ("I", "l"), ("|", "l"), ("m", "rn"), ("‐", "-"), ("’", "'"),
            ("a", nil), ("l", nil), ("O", nil), ("i", nil), ("2", nil), ("д", nil), ("ж", nil), ("日", nil), ("Ꭺ", nil),
        ]
        for (scalar, prototype) in known {
            #expect(table[scalar].map { String(String.UnicodeScalarView($0)) } == prototype, "\(scalar)")
        }
        #expect(table.sources.count == 636)
    }

    @Test("a prototype is its own prototype, so the skeleton of a skeleton is itself")
    func prototypes() {
        // Unicode decomposes й in the prototype of ҋ without replacing the и.
        for source in table.sources where source != "ҋ" {
            for scalar in table[source] ?? [] { #expect(table[scalar] == nil, "\(source)") }
        }
    }

    @Test("names that are the same do not count as lookalikes, however they are written")
    func same() throws {
        for (one, other) in [("ana", "Ana"), ("ana", "ＡＮＡ"), ("Ian", "IAN"), ("❤\u{FE0F}", "❤")] {
            #expect(!(try Nickname(one).looksLike(Nickname(other))))
        }
    }

    @Test("well-known confusable pairs look alike where the standard says so, and others do not")
    func pairs() throws {
        for (one, other) in [("amy", "arny"), ("Ian", "lan"), ("lan", "1an"), ("Bob", "b0b"), ("B0B", "BOB")] {
            #expect(try Nickname(one).looksLike(Nickname(other)), "\(one) \(other)")
        }
        for (one, other) in [
            ("bill", "blll"), ("vv", "w"), ("cl", "d"), ("5", "S"), ("ana-2", "ana-3"), ("ana-10", "ana-1"),
        ] {
            #expect(!(try Nickname(one).looksLike(Nickname(other))), "\(one) \(other)")
        }
    }
}
