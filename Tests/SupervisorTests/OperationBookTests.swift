import IPC
import Testing

@testable import Supervisor

struct OperationBookTests {
    @Test("an operation runs until its check has an answer, and keeps that answer")
    func ends() {
        var book = OperationBook(nextNumber: 5)
        var verdict: OperationBook.Verdict?
        let begun = book.begin("feeder: restarting") { verdict }
        #expect(begun == OperationStatus(operation: 5, state: .running, outcome: "feeder: restarting"))
        #expect(book.settle().isEmpty)
        verdict = .failed("feeder is held")
        let ended = book.settle()
        #expect(ended == [OperationStatus(operation: 5, state: .failed, outcome: "feeder is held")])
        #expect(book.settle().isEmpty)
        #expect(book[5]?.state == .failed)
        #expect(book.nextNumber == 6)
    }

    @Test("only so many operations are kept, the newest")
    func bounded() {
        var book = OperationBook(nextNumber: 1)
        for _ in 0..<1000 { _ = book.begin("x") { .done("y") } }
        #expect(book[1] == nil)
        #expect(book[1000] != nil)
        #expect(book.settle().count == 200)
    }
}
