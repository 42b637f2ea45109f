import TestKit
import Testing

@Suite("Parsing the vectors of a document")
struct ProtocolDocumentTests {
    @Test("the fields of blocks are parsed; the rest of the document is skipped")
    func parsing() throws {
        let document = try ProtocolDocument(
            parsing: """
                # Title
                kind: none of ours
                ```
                name: nor this
                ```
                ```vector kind=frame name=ping
                # for people
                number: 1000

                bytes: 82 03
                  1903e8
                id: 01
                id: 02
                ```
                """)
        let vector = try #require(document.vector(kind: "frame", name: "ping"))
        #expect(document.vectors.count == 1)
        #expect(document.vectors(kind: "frame").count == 1)
        #expect(document.vectors(kind: "entry").isEmpty)
        #expect(vector.line == 6)
        #expect(vector.number("number") == 1000)
        #expect(vector.bytes("bytes") == [0x82, 0x03, 0x19, 0x03, 0xE8])
        #expect(vector.texts("id") == ["01", "02"])
        #expect(vector.text("absent") == nil)
        #expect(vector.bytes("number").map(\.count) == 2)
    }

    @Test(
        "a fault in a block is reported with its line",
        arguments: [
            ("```vector kind=a name=b\nx: 1", 1),
            ("\n```vector kind=a\n```", 2),
            ("```vector kind=a name=b c=d\n```", 1),
            ("```vectors kind=a name=b\n```", 1),
            ("```vector kind=a name=b\nno colon\n```", 2),
            ("```vector kind=a name=b\n  goes on from nothing\n```", 2),
            ("```vector kind=a name=b\n```\n```vector kind=a name=b\n```", 3),
        ])
    func faults(text: String, line: Int) {
        let fault = #expect(throws: ProtocolDocument.Fault.self) { try ProtocolDocument(parsing: text) }
        #expect(fault?.line == line)
    }

    @Test("hexadecimal text is pairs of digits")
    func hexadecimal() {
        #expect([UInt8](hexadecimal: "00 fF\n10") == [0, 255, 16])
        #expect([UInt8](hexadecimal: "") == [])
        for wrong in ["0", "0 0", "0g", "٠٠"] { #expect([UInt8](hexadecimal: wrong) == nil) }
        #expect(([0, 255, 16] as [UInt8]).hexadecimal == "00ff10")
    }

    @Test("the worked examples in Protocol.md are vectors of the files")
    func examples() throws {
        let files = try ProtocolDocument.load()
        let examples = try ProtocolDocument(parsing: ProtocolDocument.text()).vectors
        #expect(!examples.isEmpty)
        for example in examples {
            let vector = try #require(files.vector(kind: example.kind, name: example.name), "\(example)")
            #expect(vector.fields.elementsEqual(example.fields, by: ==), "\(example)")
        }
    }

    @Test("every link inside Protocol.md leads to one of its headings")
    func links() throws {
        let text = try ProtocolDocument.text()
        let anchors = Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                let words = heading.drop { $0 == "#" || $0 == " " }.lowercased()
                return String(words.filter { $0.isLetter || $0.isNumber || "- ".contains($0) })
                    .replacing(" ", with: "-")
            })
        let links = text.split(separator: "](#").dropFirst().map { $0.prefix { $0 != ")" } }
        #expect(links.count >= 16)
        for link in links { #expect(anchors.contains(String(link)), "\(link)") }
    }
}
