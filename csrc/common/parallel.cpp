#include "parallel.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace pyrnnsim {
namespace {

constexpr int kMaxWorkers = 255;

thread_local bool inside_body = false;

// One call of parallel_for; lives on the caller's stack. `seats` and `active` belong to the pool's mutex.
struct Job {
  std::int64_t count;
  void (*body)(void*, std::int64_t, int);
  void* context;
  int seats;       // workers that may still join
  int active = 0;  // workers that joined and have not left
  int next_worker = 1;
  std::atomic<std::int64_t> next{0};
  std::mutex failure_lock{};
  std::int64_t failed_index = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr failure{};

  void work(int worker, const std::atomic<bool>& stop) {
    inside_body = true;
    while (!stop.load(std::memory_order_relaxed)) {
      const std::int64_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) break;
      try {
        body(context, index, worker);
      } catch (...) {
        const std::lock_guard lock(failure_lock);
        if (index < failed_index) {
          failed_index = index;
          failure = std::current_exception();
        }
        next.store(count, std::memory_order_relaxed);
      }
    }
    inside_body = false;
  }
};

class Pool {
 public:
  const pid_t process = getpid();

  void run(Job& job) {
    const int helpers = job.seats;  // from here on guarded by the mutex
    {
      const std::lock_guard lock(mutex_);
      grow(helpers);
      jobs_.push_back(&job);
    }
    if (helpers == 1)
      work_.notify_one();
    else
      work_.notify_all();
    job.work(0, never_);
    std::unique_lock lock(mutex_);
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));  // nobody joins from here on
    left_.wait(lock, [&] { return job.active == 0; });
  }

  // Called at exit: a worker leaves after the index it is at, a caller still running finishes its loop alone.
  void join() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void grow(int wanted) {
    const int limit = std::min(wanted, kMaxWorkers);
    while (!stop_ && static_cast<int>(threads_.size()) < limit) {
      try {
        threads_.emplace_back([this] { serve(); });
      } catch (const std::system_error&) {
        return;  // the system is out of threads: fewer workers, same result
      }
    }
  }

  Job* open_job() const {
    for (Job* job : jobs_)
      if (job->seats > 0 && job->next.load(std::memory_order_relaxed) < job->count) return job;
    return nullptr;
  }

  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Job* job = nullptr;
      work_.wait(lock, [&] { return stop_ || (job = open_job()) != nullptr; });
      if (stop_) return;
      --job->seats;
      ++job->active;
      const int worker = job->next_worker++;
      lock.unlock();
      job->work(worker, stop_);
      lock.lock();
      if (--job->active == 0) left_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable work_, left_;
  std::vector<Job*> jobs_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  const std::atomic<bool> never_{false};
};

std::atomic<Pool*> current{nullptr};

// Joins this process's workers at exit. The pool itself is never freed: a daemon thread may still be inside it.
struct JoinAtExit {
  ~JoinAtExit() {
    Pool* pool = current.load();
    if (pool != nullptr && pool->process == getpid()) pool->join();
  }
} join_at_exit;

// A forked child inherits the pool without its threads, and maybe with its mutex locked: it must start its own.
// No lock here, since a lock taken in the parent at the moment of the fork would stay taken in the child.
Pool& pool() {
  Pool* known = current.load();
  if (known != nullptr && known->process == getpid()) return *known;
  Pool* fresh = new Pool;
  if (current.compare_exchange_strong(known, fresh)) return *fresh;
  delete fresh;  // another thread was faster; this one has started no worker yet
  return *known;
}

}  // namespace

void parallel_for(std::int64_t count, int threads, void (*body)(void*, std::int64_t, int), void* context) {
  const std::int64_t helpers = std::min<std::int64_t>({threads, count, kMaxWorkers + 1}) - 1;
  if (helpers < 1 || inside_body) {
    for (std::int64_t index = 0; index < count; ++index) body(context, index, 0);
    return;
  }
  Job job{count, body, context, static_cast<int>(helpers)};
  pool().run(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace pyrnnsim
