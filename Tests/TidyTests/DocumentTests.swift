import Foundation
import Testing

@Suite("The documents are in order")
struct DocumentTests {
    @Test("the README fits in 120 lines and names the two commands first")
    func readme() throws {
        let lines = try Repository.text(of: "README.md").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 120)
        let opening = lines.prefix(15).joined(separator: "\n")
        #expect(opening.contains("swift run earshot") && opening.contains("swift test"))
    }

    @Test("links lead to files, pages and headings that exist")
    func links() throws {
        for document in try Documents.all() {
            let text = try Repository.text(of: document)
            for link in Documents.links(in: text) where !link.contains("://") {
                if let fault = try Documents.fault(of: link, in: document) { Issue.record("\(fault)") }
            }
            for link in Documents.pageLinks(in: text) {
                let parts = link.split(separator: "#", maxSplits: 1).map(String.init)
                let file = ([parts[0] + ".md"] + parts.dropFirst()).joined(separator: "#")
                if let fault = try Documents.fault(of: file, in: document) { Issue.record("\(fault)") }
            }
        }
        for document in ["README.md", "Protocol.md"] {
            #expect(try !Documents.links(in: Repository.text(of: document)).isEmpty)
        }
    }

    @Test("every page of a program or module begins with a title and a summary of one sentence")
    func summaries() throws {
        let pages = try Documents.pages()
        #expect(pages.count > 20, "the pages were not found")
        for page in pages {
            let summary = Documents.summary(of: try Repository.text(of: page))
            #expect(summary?.hasSuffix(".") == true && summary?.hasPrefix("#") == false, "\(page)")
        }
    }

    @Test("the README and the program's first page link to every page about the program")
    func pagesAreLinked() throws {
        let directory = "Sources/earshot/Earshot.docc/"
        let fromREADME = Documents.links(in: try Repository.text(of: "README.md"))
        let fromRoot = Documents.pageLinks(in: try Repository.text(of: directory + "Earshot.md"))
        for page in try Documents.pages() where page.hasPrefix(directory) && !page.hasSuffix("/Earshot.md") {
            #expect(fromREADME.contains(page), "README.md does not link to \(page)")
            #expect(fromRoot.contains { directory + $0 + ".md" == page }, "Earshot.md does not link to \(page)")
        }
    }

    @Test("the page on architecture describes each target in one sentence")
    func moduleTable() throws {
        let page = "Sources/earshot/Earshot.docc/Architecture.md"
        let rows = try Repository.text(of: page).split(separator: "\n").filter { $0.hasPrefix("| `") }
        for target in try Repository.names(in: "Sources") {
            let sentences = rows.filter { $0.hasPrefix("| `\(target)` |") }.map { row in
                row.split(separator: "|").dropFirst().first?.trimmingCharacters(in: .whitespaces) ?? ""
            }
            #expect(sentences.contains { $0.count > 20 && $0.hasSuffix(".") }, "\(page) lacks \(target)")
        }
    }

    @Test("documents use the field's terms, not private vocabulary")
    func privateWords() throws {
        for document in try Documents.all() {
            for word in PrivateWords.found(inDocument: try Repository.text(of: document)) {
                Issue.record("\(document):\(word)")
            }
        }
        for file in try Repository.swiftFiles(in: "Sources") {
            for word in PrivateWords.found(inComments: file.text.lines) { Issue.record("\(file.path):\(word)") }
        }
    }

    @Test("headings become anchors, and code contains no headings or links")
    func reading() throws {
        let code = "```\n# no heading\n[a](b)\n<doc:C>\n```\n"
        let text = "# One two: `x`!\n" + code + "[c](d#e) and `[f](g)` [h](#i) <doc:J#K-l>\n"
        #expect(Documents.anchors(in: text) == ["one-two-x"])
        #expect(Documents.links(in: text) == ["d#e", "#i"])
        #expect(Documents.pageLinks(in: text) == ["J#K-l"])
    }

    @Test("a broken link is found, wherever the document is")
    func faults() throws {
        let page = "Sources/earshot/Earshot.docc/Using.md"
        #expect(try Documents.fault(of: "../../../README.md#read-on", in: page) == nil)
        #expect(try Documents.fault(of: "Relay.md#Moderation", in: page) == nil)
        #expect(try Documents.fault(of: "#history", in: page) == nil)
        #expect(try Documents.fault(of: "../README.md", in: page)?.hasSuffix("leads nowhere") == true)
        #expect(try Documents.fault(of: "../README.md", in: "README.md")?.hasSuffix("leads nowhere") == true)
        #expect(try Documents.fault(of: "Relay.md#nothing", in: page)?.contains("no heading") == true)
    }

    @Test("a summary is the first line below the title and its metadata")
    func summary() {
        #expect(Documents.summary(of: "# A\n\n@Metadata {\n    @TechnologyRoot\n}\n\nB.\n") == "B.")
        #expect(Documents.summary(of: "# A\n\nB.\nC") == "B.")
        #expect(Documents.summary(of: "B.\n") == nil)
    }

    @Test("private vocabulary is found in prose and doc comments, not in code")
    func wordsFound() {
        #expect(PrivateWords.found(inDocument: "a\n`anew` and Anew\n```\nanew\n```\n").map { $0.prefix(2) } == ["2:"])
        #expect(PrivateWords.found(inComments: ["let anew = 1", "  /// Made anew."]).map { $0.prefix(2) } == ["2:"])
        #expect(PrivateWords.found(in: "a renewed certificate").isEmpty)
    }
}
