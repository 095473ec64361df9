// Schedules a network with MPXJ, warm, and prints the CPU seconds of one run: java -cp "lib/*" Mpxj.java network.txt
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import org.mpxj.Duration;
import org.mpxj.ProjectFile;
import org.mpxj.Relation;
import org.mpxj.Task;
import org.mpxj.TimeUnit;
import org.mpxj.cpm.MicrosoftScheduler;

public class Mpxj
{
   public static void main(String[] arguments) throws Exception
   {
      List<String> lines = Files.readAllLines(Path.of(arguments[0]));
      int count = Integer.parseInt(lines.get(0));
      LocalDateTime start = LocalDateTime.of(2026, 1, 5, 8, 0);
      ProjectFile project = new ProjectFile();
      project.setDefaultCalendar(project.addDefaultBaseCalendar());
      project.getProjectProperties().setStartDate(start);
      Task[] tasks = new Task[count];
      Task phase = null;
      for (int i = 0; i < count; i++)
      {
         if (i % 20 == 0)
         {
            phase = project.addTask();
         }
         tasks[i] = phase.addTask();
         Duration duration = Duration.getInstance(Integer.parseInt(lines.get(1 + i)), TimeUnit.DAYS);
         tasks[i].setDuration(duration);
         tasks[i].setRemainingDuration(duration);
         tasks[i].setActualDuration(Duration.getInstance(0, TimeUnit.DAYS));
      }
      for (String line : lines.subList(1 + count, lines.size()))
      {
         String[] ends = line.split(" ");
         tasks[Integer.parseInt(ends[1])].addPredecessor(new Relation.Builder().predecessorTask(tasks[Integer.parseInt(ends[0])]));
      }
      int rounds = count > 20_000 ? 1 : 5;
      double seconds = 0;
      for (int round = 0; round < rounds; round++)
      {
         long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
         new MicrosoftScheduler().schedule(project, start);
         seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
      }
      System.out.println(seconds);
   }
}
